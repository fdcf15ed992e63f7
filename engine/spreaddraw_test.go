package engine

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// A store that spreads its sets pops and draws the members that one does which does not, whatever comes
// before in one batch.
func TestSpread_Draws_AreAsWhole(t *testing.T) {
	spread := 0
	rapid.Check(t, func(rt *rapid.T) {
		var stores [2]*Store
		for i, from := range []int{8, -1} {
			o := testOptions(vfs.NewMem())
			o.SpreadElements = from
			stores[i] = openForRapid(rt, o)
			defer stores[i].Close() //nolint:errcheck // a memory file system
		}
		key, number := []byte("set"), causal.Counter(0)
		apply := func(commands []collection.Command) {
			var records [2][]*Record
			for _, c := range commands {
				number++
				for i := range stores {
					records[i] = append(records[i], &Record{Partition: 3, Key: key, Edit: &listEdit{command: c, short: new(int), change: &change{part: true, edit: object.Edit{
						Dot: causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: number}, Time: causal.Timestamp(number), Now: 1,
					}}}})
				}
			}
			for i, s := range stores {
				if c, err := s.Apply(records[i]); err != nil || c.Wait() != nil {
					rt.Fatal(err)
				}
				for _, r := range records[i] {
					if r.Err != nil {
						rt.Fatal(r.Err)
					}
				}
			}
		}
		member := rapid.IntRange(0, 40)
		fill := collection.Command{Op: collection.SetAdd}
		for range rapid.IntRange(1, 60).Draw(rt, "members") {
			fill.Args = append(fill.Args, fmt.Append(nil, member.Draw(rt, "member")))
		}
		apply([]collection.Command{fill})
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			var commands []collection.Command
			for range rapid.IntRange(1, 4).Draw(rt, "commands") {
				c := collection.Command{Op: rapid.SampledFrom([]collection.Op{collection.SetPop, collection.SetPop, collection.SetAdd, collection.SetRemove}).Draw(rt, "op")}
				if c.Seed = rapid.Uint64().Draw(rt, "seed"); c.Op == collection.SetPop {
					c.Number = rapid.Int64Range(0, 3).Draw(rt, "number")
				} else {
					c.Args = [][]byte{fmt.Append(nil, member.Draw(rt, "member"))}
				}
				commands = append(commands, c)
			}
			apply(commands)
			var digests [2]object.Digest
			var contents [2][]byte
			for i, s := range stores {
				var err error
				if contents[i], digests[i], _, err = s.Find(3, key, nil); err != nil {
					rt.Fatal(err)
				}
			}
			if digests[0] != digests[1] || !bytes.Equal(contents[0], contents[1]) {
				rt.Fatalf("after %+v the set is %x, want %x", commands, contents[0], contents[1])
			}
			sought := object.Selection{Draws: object.Draws{Kind: object.Member, List: []object.Draw{{Seed: rapid.Uint64().Draw(rt, "seed"), Count: rapid.IntRange(0, 5).Draw(rt, "count")}}}}
			f, err := stores[0].FindPart(3, key, func() (object.Selection, bool) { return (object.Selection{}).And(sought), true }, nil)
			if err != nil {
				rt.Fatal(err)
			}
			if f.Part {
				spread++
				o, err := object.Decode(f.Encoded)
				o.Rest = f.Rest
				whole, _ := object.Decode(contents[1])
				if some := sought.Of(&whole); err != nil || !o.Equal(&some) {
					rt.Fatalf("%+v draws %+v, %v; want %+v", sought, o, err, some)
				}
			}
		}
		audit(rt, stores[0])
	})
	if spread < 20 {
		t.Errorf("%d draws were of spread sets: too few", spread)
	}
}

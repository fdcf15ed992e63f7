package engine

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// spreadWorld is two stores that take the same records: one spreads collections, the other does
// not. A third replica sends objects and deltas.
type spreadWorld struct {
	clock  *testClock
	fs     [2]*vfs.MemFS
	opts   [2]Options
	stores [2]*Store
	number causal.Counter // of the last event
	other  map[string]object.Object
	sent   map[string][]Record // earlier objects and deltas, by key
	parts  int                 // records that a part took
	ends   int                 // of those, commands on lists
	short  int                 // commands on lists that needed more than they had selected
}

// isList reports whether the key of a number is a list, most of the time.
func isList(i int) bool { return i%2 == 1 }

func (w *spreadWorld) dot(node causal.NodeID) causal.Dot {
	w.number++
	return causal.Dot{Actor: causal.Actor{Node: node, Epoch: 1}, Counter: w.number}
}

func (w *spreadWorld) edit(rt *rapid.T, node causal.NodeID, list bool) *change {
	now := w.clock.at.UnixMilli()
	c := &change{part: true, edit: object.Edit{Dot: w.dot(node), Time: causal.TimestampOf(now), Now: now}}
	kind := object.Field
	if list {
		kind = object.Item
	}
	if rapid.IntRange(0, 6).Draw(rt, "other kind") == 0 {
		kind = object.Member
	}
	for i := range 8 {
		one := object.Change{Kind: kind, Name: fmt.Append(nil, "f", i)}
		switch rapid.IntRange(0, 5).Draw(rt, "change") {
		case 0:
			if one.Remove = true; rapid.IntRange(0, 12).Draw(rt, "expires") == 0 {
				one.Remove, one.Expiry, c.part = false, now+5_000, false
			}
		case 1, 2:
			if kind != object.Member {
				one.Data = fmt.Append(nil, rapid.IntRange(0, 3).Draw(rt, "data"))
			}
		default:
			continue
		}
		c.edit.Changes = append(c.edit.Changes, one)
	}
	switch rapid.IntRange(0, 20).Draw(rt, "all") {
	case 0:
		c.edit.All, c.part = true, false
	case 1, 2:
		c.expiry = now + rapid.SampledFrom([]int64{5_000, 100_000, 1e9, 2e9, -now}).Draw(rt, "ttl")
		if rapid.Bool().Draw(rt, "alone") {
			c.edit.Changes = nil
		}
		c.edit.Changes = append(c.edit.Changes, object.Change{Kind: object.KeyExpiry, Expiry: c.expiry})
	case 3:
		c.part = false
	}
	return c
}

// listCommand draws a command on a list.
func (w *spreadWorld) listCommand(rt *rapid.T) (c collection.Command) {
	c.Seed, c.Number = uint64(w.number), int64(rapid.IntRange(-3, 4).Draw(rt, "number"))
	c.Op = rapid.SampledFrom([]collection.Op{
		collection.ListPush, collection.ListPush, collection.ListPush, collection.ListPop, collection.ListPop, collection.ListMove,
		collection.ListSet, collection.ListTrim, collection.ListInsert, collection.ListRemove,
	}).Draw(rt, "op")
	if rapid.Bool().Draw(rt, "tail") {
		c.Flags |= collection.AtTail
	}
	switch c.Op {
	case collection.ListPush:
		for i := range rapid.IntRange(1, 4).Draw(rt, "items") {
			c.Args = append(c.Args, fmt.Append(nil, w.number, " ", i))
		}
	case collection.ListInsert:
		c.Args = [][]byte{[]byte("1"), []byte("1")}
	case collection.ListSet, collection.ListRemove, collection.ListTrim:
		c.Args = [][]byte{fmt.Append(nil, rapid.IntRange(-3, 4).Draw(rt, "argument"))}
	case collection.ListMove:
		c.Flags ^= rapid.SampledFrom([]collection.Flags{0, collection.ToTail}).Draw(rt, "to")
	}
	return c
}

// otherEdits makes a change at the other replica.
func (w *spreadWorld) otherEdits(rt *rapid.T, before object.Object, list bool) (next object.Object, e object.Edit) {
	c := w.edit(rt, 7, list)
	e = c.edit
	if list && rapid.Bool().Draw(rt, "command") {
		command := w.listCommand(rt)
		e.Changes, e.All = command.ApplyTo(&before, e.Now).Changes, false
	}
	e.Seen = before.Context()
	next.BecomeEdited(before, &e)
	return next, e
}

// record makes a record for a key: an edit, or something of the other replica.
func (w *spreadWorld) record(rt *rapid.T) Record {
	number := rapid.IntRange(0, modelKeys-1).Draw(rt, "key")
	p, key := modelKey(number)
	r := Record{Partition: p, Key: key}
	at := place(p, key)
	switch rapid.IntRange(0, 9).Draw(rt, "record") {
	case 0: // the other replica catches up, and sends what it has
		if stored, ok, _ := w.stores[0].Get(p, key, nil); ok {
			o, _ := object.Decode(stored)
			w.other[at], _ = object.Merge(w.other[at], o)
			o = w.other[at]
			r.Merge = o.Append(nil)
			return r
		}
	case 1, 2: // the other replica changes something, and sends a delta or the whole
		before := w.other[at]
		next, e := w.otherEdits(rt, before, isList(number))
		w.other[at] = next
		var d object.Delta
		if d, ok := d.Follow(object.Step{Before: &before, After: &next, Dot: e.Dot, Names: e.Names}); ok && rapid.IntRange(0, 3).Draw(rt, "delta") > 0 {
			r.Merge, r.Delta = d.Append(nil), true
		} else {
			r.Merge = next.Append(nil)
		}
		w.sent[at] = append(w.sent[at], r)
		return r
	case 3: // what it sent before comes once more
		if sent := w.sent[at]; len(sent) > 0 {
			return rapid.SampledFrom(sent).Draw(rt, "sent")
		}
	case 4:
		if rapid.IntRange(0, 5).Draw(rt, "string") == 0 {
			now := w.clock.at.UnixMilli()
			o := w.other[at]
			o = object.Put(o, o.Context(), w.dot(7), causal.TimestampOf(now), object.Value{Data: []byte("string"), Tombstone: rapid.Bool().Draw(rt, "tombstone")})
			w.other[at], r.Merge = o, o.Append(nil)
			return r
		}
	}
	c := w.edit(rt, 3, isList(number))
	if r.Edit = c; isList(number) && rapid.IntRange(0, 3).Draw(rt, "command") > 0 {
		c.edit.All, c.expiry = false, 0
		r.Edit = &listEdit{c, w.listCommand(rt), rapid.IntRange(0, 3).Draw(rt, "less") == 0, &w.short}
	}
	if rapid.IntRange(0, 15).Draw(rt, "removal") == 0 {
		r.Edit = &removal{*c}
	}
	return r
}

// apply applies the same records to both stores, and compares the results.
func (w *spreadWorld) apply(rt *rapid.T) {
	var records [2][]*Record
	for range rapid.IntRange(1, 5).Draw(rt, "records") {
		r := w.record(rt)
		for i := range records {
			one := r
			records[i] = append(records[i], &one)
		}
	}
	for i, s := range w.stores {
		c, err := s.Apply(records[i])
		if err == nil {
			err = c.Wait()
		}
		if err != nil {
			rt.Fatal(err)
		}
	}
	for i, a := range records[0] {
		b := records[1][i]
		if fmt.Sprint(a.Err) != fmt.Sprint(b.Err) || a.Changed != b.Changed || a.Stored != nil && !bytes.Equal(a.Stored, b.Stored) {
			rt.Fatalf("record %d of %q: %v, changed %v, %x\n want %v, %v, %x", i, a.Key, a.Err, a.Changed, a.Stored, b.Err, b.Changed, b.Stored)
		}
		if a.Changed && a.Stored == nil {
			w.parts++
			if _, ok := a.Edit.(*listEdit); ok {
				w.ends++
			}
		}
	}
}

// compare compares what the stores hold, and what they find of some names.
func (w *spreadWorld) compare(rt *rapid.T) {
	audit(rt, w.stores[0])
	for i := range modelKeys {
		p, key := modelKey(i)
		got, digest, found, err := w.stores[0].Find(p, key, nil)
		want, wantDigest, wantFound, werr := w.stores[1].Find(p, key, nil)
		if err != nil || werr != nil || found != wantFound || digest != wantDigest || !bytes.Equal(got, want) {
			rt.Fatalf("%q: %v %x %x %v, want %v %x %x %v", key, found, digest, got, err, wantFound, wantDigest, want, werr)
		}
		if d, ok, err := w.stores[0].Digest(p, key); err != nil || ok != found || d != digest {
			rt.Fatalf("%q: digest %x %v %v, want %x", key, d, ok, err, digest)
		}
		for _, names := range [][]string{nil, {"f3", "f1"}, {"f1", "f2", "f1", "f8"}} {
			w.comparePart(rt, i, names, object.Ends{})
		}
		if isList(i) {
			first, last := rapid.IntRange(0, 6).Draw(rt, "first"), rapid.IntRange(0, 6).Draw(rt, "last")
			w.comparePart(rt, i, nil, object.Ends{Kind: object.Item, First: first})
			w.comparePart(rt, i, nil, object.Ends{Kind: object.Item, Last: last})
			w.comparePart(rt, i, []string{"f4", "f0"}, object.Ends{Kind: object.Item, First: first, Last: last})
		}
	}
	for p := range ring.Partition(modelPartitions) {
		var counted [2][3]int64
		var listed [2][]string
		for i, s := range w.stores {
			counted[i][0], counted[i][1] = s.Partitions().Keys(p)
			counted[i][2] = s.Partitions().Valued(p)
			for e, err := range s.ScanValued(p, 0) {
				o, derr := object.Decode(e.Object)
				if err != nil || derr != nil {
					rt.Fatal(err, derr)
				}
				listed[i] = append(listed[i], fmt.Sprint(string(e.Key), o.Live(w.clock.at.UnixMilli())))
			}
		}
		if counted[0] != counted[1] || !slices.Equal(listed[0], listed[1]) || w.stores[0].Merkle().Root(p) != w.stores[1].Merkle().Root(p) {
			rt.Fatalf("partition %d: %v %v, want %v %v, or the trees differ", p, counted[0], listed[0], counted[1], listed[1])
		}
	}
}

// comparePart compares what the store that spreads finds of some names, and the totals of the others,
// with what the other store has.
func (w *spreadWorld) comparePart(rt *rapid.T, i int, names []string, ends object.Ends) {
	p, key := modelKey(i)
	kind := object.Field
	if isList(i) {
		kind = object.Item
	}
	want, wantDigest, wantFound, _ := w.stores[1].Find(p, key, nil)
	sought := object.Selection{Ends: ends}
	for _, n := range names {
		sought.Names = append(sought.Names, object.Name{Kind: kind, Name: []byte(n)})
	}
	f, err := w.stores[0].FindPart(p, key, func() (object.Selection, bool) { return object.Selection{}.And(sought), true }, nil)
	if err != nil || f.Found != wantFound || f.Digest != wantDigest || !f.Part && (f.Rest != object.Rest{} || !bytes.Equal(f.Encoded, want)) {
		rt.Fatalf("%q: %+v, %v; want %v %x %x", key, f, err, wantFound, wantDigest, want)
	}
	if !f.Part {
		return
	}
	o, err := object.Decode(f.Encoded)
	o.Rest = f.Rest
	whole, _ := object.Decode(want)
	some := sought.Of(&whole)
	if err != nil || !o.Equal(&some) {
		rt.Fatalf("%q: %+v, %v; want %+v", key, o, err, some)
	}
	now := w.clock.at.UnixMilli()
	for _, at := range []int64{now, now + 5_000, now + 1e9} { // before and after the expiries that keys have
		for _, kind := range []object.Kind{object.Field, object.Member, object.Item} {
			if n, of := collection.CountOf(&o, kind, at), collection.CountOf(&whole, kind, at); n != of {
				rt.Fatalf("%q: the part has %d elements of kind %d, want %d", key, n, kind, of)
			}
		}
		shown, err := register.Choose(&o, register.LWW, at)
		if of, werr := register.Choose(&whole, register.LWW, at); fmt.Sprint(shown, err) != fmt.Sprint(of, werr) {
			rt.Fatalf("%q: the part is shown as %+v, %v, want %+v, %v", key, shown, err, of, werr)
		}
	}
}

func (w *spreadWorld) open(rt *rapid.T) {
	for i := range w.stores {
		w.opts[i].Rand = rand.New(rand.NewPCG(1, 2))
		w.stores[i] = openForRapid(rt, w.opts[i])
	}
}

// A store that spreads its collections holds what one holds that does not, after any history of
// edits, deltas, merges, expiries, drops, restarts and crashes.
func TestSpread_AnyHistory_IsAsWhole(t *testing.T) {
	parts, ends, short, histories := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		histories++
		w := &spreadWorld{clock: newTestClock(), other: map[string]object.Object{}, sent: map[string][]Record{}}
		for i := range w.stores {
			w.fs[i] = vfs.NewCrashableMem()
			o := testOptions(w.fs[i])
			o.Partitions, o.Now, o.StripAfter, o.SpreadElements = modelPartitions, w.clock.now, 10*time.Second, -1
			if i == 0 {
				o.SpreadElements = rapid.IntRange(1, 4).Draw(rt, "spread from")
			}
			w.opts[i] = o
		}
		w.open(rt)
		defer func() {
			for _, s := range w.stores {
				_ = s.Close()
			}
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"apply":  w.apply,
			"apply2": w.apply,
			"apply3": w.apply,
			"apply4": w.apply,
			"sweep": func(rt *rapid.T) {
				w.clock.advance(time.Duration(rapid.IntRange(0, 15).Draw(rt, "seconds")) * time.Second)
				for _, s := range w.stores {
					if _, err := s.sweeper.sweep(context.Background(), s.db.now()); err != nil {
						rt.Fatal(err)
					}
				}
			},
			"drop": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "drops") > 0 {
					return
				}
				p := ring.Partition(rapid.IntRange(0, modelPartitions-1).Draw(rt, "partition"))
				for _, s := range w.stores {
					if err := dropPartition(s, p); err != nil {
						rt.Fatal(err)
					}
				}
			},
			"restart": func(rt *rapid.T) {
				for _, s := range w.stores {
					if err := s.Close(); err != nil {
						rt.Fatal(err)
					}
				}
				w.open(rt)
			},
			"crash": func(rt *rapid.T) {
				for i, s := range w.stores {
					if err := s.State().Save("sync", nil); err != nil {
						rt.Fatal(err)
					}
					w.fs[i] = w.fs[i].CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(1, 0))})
					w.opts[i].FS = w.fs[i]
					s.Crash()
				}
				w.open(rt)
				for _, s := range w.stores {
					if err := s.rebuild.run(context.Background()); err != nil {
						rt.Fatal(err)
					}
				}
			},
			"scrub": func(rt *rapid.T) {
				for p := range ring.Partition(modelPartitions) {
					if repaired, err := w.stores[0].scrubber.scrub(context.Background(), p); repaired || err != nil {
						rt.Fatalf("partition %d: repaired %v, %v", p, repaired, err)
					}
				}
			},
			"": w.compare,
		})
		parts, ends, short = parts+w.parts, ends+w.ends, short+w.short
	})
	// Fewer histories may lack what is rare.
	if histories >= 100 && (parts < histories/4 || ends < histories/8 || short < histories/50) {
		t.Errorf("%d records of %d histories were applied to a part, %d of them at the ends of a list, and %d had to read more: too few", parts, histories, ends, short)
	}
}

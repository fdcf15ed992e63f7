package collection

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/object"
)

// added returns the command of an XADD with one field.
func added(id NewID, now int64, seed uint64) Command {
	return Command{Op: StreamAdd, Number: now, Seed: seed, Args: [][]byte{id.Append(nil), AppendFields(nil, args("f", "v")), nil}}
}

// Whatever is added, deleted and trimmed, in whatever order, the ids of a coordinator increase, and
// an id is never given again.
func TestStream_IDs_Increase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d document
		var last StreamID
		given := make(map[StreamID]bool)
		id := func() StreamID {
			return StreamID{rapid.Uint64Range(0, 5).Draw(t, "millis"), rapid.Uint64Range(0, 5).Draw(t, "sequence")}
		}
		for range rapid.IntRange(1, 30).Draw(t, "commands") {
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0, 1:
				asked := NewID{Rule: IDRule(rapid.IntRange(0, int(ExplicitID)).Draw(t, "rule")), ID: id()}
				out := d.do(added(asked, rapid.Int64Range(0, 5).Draw(t, "now"), rapid.Uint64().Draw(t, "seed")))
				if out.Failure != None {
					if asked.Rule == AutoID || asked.Rule == ExplicitID && asked.ID.Compare(last) > 0 {
						t.Fatalf("%+v after %v: %v", asked, last, out.Failure)
					}
					continue
				}
				got, _ := ReadStreamID(out.Values[0])
				if got.Compare(last) <= 0 || given[got] || asked.Rule == ExplicitID && got != asked.ID || asked.Rule == AutoSequence && got.Millis != asked.ID.Millis {
					t.Fatalf("%+v after %v: %v", asked, last, got)
				}
				given[got], last = true, got
			case 2:
				s := StreamOf(ViewOf(&d.Object, object.Entry, d.now))
				if len(s.Entries) > 0 {
					at := rapid.IntRange(0, len(s.Entries)-1).Draw(t, "at")
					d.do(Command{Op: StreamDelete, Args: [][]byte{s.Entries[at].Name}})
				}
			case 3:
				d.do(Command{Op: StreamTrim, Args: [][]byte{Trim{Longest: rapid.Uint64Range(0, 3).Draw(t, "longest")}.Append(nil)}})
			}
			if s := StreamOf(ViewOf(&d.Object, object.Entry, d.now)); s.Last != last || s.Added() != uint64(len(given)) {
				t.Fatalf("last %v, %d added; want %v, %d", s.Last, s.Added(), last, len(given))
			}
		}
	})
}

// Two coordinators that have the same stream give different ids in one millisecond.
func TestStream_ConcurrentIDs_Differ(t *testing.T) {
	for _, last := range []StreamID{{}, {5, 1}, {1 << 40, 7}} {
		for _, rule := range []IDRule{AutoID, AutoSequence} {
			asked := NewID{Rule: rule, ID: StreamID{Millis: max(last.Millis, 9)}}
			a, _ := asked.mint(last, 9, 0x1234567890abcdef)
			b, _ := asked.mint(last, 9, 0xfedcba0987654321)
			if a == b || a.Millis != b.Millis || a.Sequence > math.MaxInt64 {
				t.Errorf("after %v: %v and %v", last, a, b)
			}
		}
	}
}

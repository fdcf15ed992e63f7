package collection

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// stream returns what is seen of the document's stream.
func (d *document) stream() Stream { return StreamOf(ViewOf(&d.Object, object.Entry, d.now)) }

// ids returns the ids of the entries of a stream, in order.
func (s *Stream) ids() (list []StreamID) {
	for _, e := range s.Entries {
		list = append(list, IDOf(e))
	}
	return list
}

// added returns the command of an XADD with one field.
func added(id NewID, now int64, seed uint64) Command {
	return Command{Op: StreamAdd, Number: now, Seed: seed, Args: [][]byte{id.Append(nil), AppendFields(nil, args("f", "v")), nil}}
}

// streamModel is a stream as Redis has it.
type streamModel struct {
	entries       []StreamID
	last, deleted StreamID
	added         int64
}

// trim does what a trim says, and returns how many entries go.
func (m *streamModel) trim(t Trim) (gone int64) {
	for _, id := range m.entries {
		if goes := t.ByID && id.Compare(t.Least) < 0 || !t.ByID && int64(len(m.entries))-gone > int64(t.Longest); !goes {
			break
		}
		gone++
	}
	if t.About && t.Limit > 0 {
		gone = min(gone, t.Limit)
	}
	if t.About {
		gone -= gone % blockLen
	}
	m.entries = m.entries[gone:]
	return gone
}

// anyTrim draws a trim.
func anyTrim(t *rapid.T) Trim {
	return Trim{
		ByID: rapid.Bool().Draw(t, "by id"), Longest: rapid.SampledFrom([]uint64{0, 1, 2, 3, 150, math.MaxInt64}).Draw(t, "longest"),
		Least: smallID(t), About: rapid.Bool().Draw(t, "about"), Limit: rapid.SampledFrom([]int64{0, 1, 100, 250}).Draw(t, "limit"),
	}
}

// smallID draws an id of few, so that commands meet the same ones.
func smallID(t *rapid.T) StreamID {
	return StreamID{rapid.Uint64Range(0, 5).Draw(t, "millis"), rapid.Uint64Range(0, 5).Draw(t, "sequence")}
}

// Commands on a stream do what the same commands do to Redis's, but for the numbers of the ids that
// a coordinator chooses: those increase.
func TestStream_RandomCommands_AsInRedis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d document
		var m streamModel
		exists := false
		for range rapid.IntRange(1, 30).Draw(t, "commands") {
			switch rapid.IntRange(0, 6).Draw(t, "command") {
			case 0, 1, 2:
				asked := NewID{Rule: IDRule(rapid.IntRange(0, int(ExplicitID)).Draw(t, "rule")), ID: smallID(t)}
				c := added(asked, rapid.Int64Range(0, 5).Draw(t, "now"), rapid.Uint64().Draw(t, "seed"))
				if rapid.Bool().Draw(t, "only if present") {
					c.Flags = IfPresent
				}
				trims := rapid.IntRange(0, 3).Draw(t, "trims") == 0
				var trim Trim
				if trims {
					trim = anyTrim(t)
					c.Args[2] = trim.Append(nil)
				}
				out := d.do(c)
				if c.Flags == IfPresent && !exists {
					if !out.None || out.Write {
						t.Fatalf("NOMKSTREAM without a stream: %+v", out)
					}
					break
				}
				if out.Failure != None {
					if asked.Rule == AutoID || asked.Rule == ExplicitID && asked.ID.Compare(m.last) > 0 || asked.Rule == AutoSequence && asked.ID.Millis > m.last.Millis {
						t.Fatalf("%+v after %v: failure %d", asked, m.last, out.Failure)
					}
					break
				}
				got, _ := ReadStreamID(out.Values[0])
				if got.Compare(m.last) <= 0 || asked.Rule == ExplicitID && got != asked.ID || asked.Rule == AutoSequence && got.Millis != asked.ID.Millis {
					t.Fatalf("%+v after %v: %v", asked, m.last, got)
				}
				m.entries, m.last, m.added, exists = append(m.entries, got), got, m.added+1, true
				if trims {
					m.trim(trim)
				}
			case 3, 4:
				doomed := smallID(t)
				if len(m.entries) > 0 && rapid.Bool().Draw(t, "one that is there") {
					doomed = rapid.SampledFrom(m.entries).Draw(t, "entry")
				}
				want := int64(0)
				if at := slices.Index(m.entries, doomed); at >= 0 {
					m.entries, want = slices.Delete(slices.Clone(m.entries), at, at+1), 1
					m.deleted = maxStreamID(m.deleted, doomed)
				}
				name := doomed.Append(nil)
				if out := d.do(Command{Op: StreamDelete, Args: [][]byte{name, name}}); out.Number != want || out.Write != (want > 0) {
					t.Fatalf("XDEL %v: %+v, want %d", doomed, out, want)
				}
			case 5:
				trim := anyTrim(t)
				want := m.trim(trim)
				if out := d.do(Command{Op: StreamTrim, Args: [][]byte{trim.Append(nil)}}); out.Number != want || out.Write != (want > 0) {
					t.Fatalf("%+v: %+v, want %d", trim, out, want)
				}
			default:
				last, count := smallID(t), rapid.Int64Range(-1, 4).Draw(t, "added")
				out := d.do(Command{Op: StreamSetID, Args: [][]byte{last.Append(nil), StreamID{}.Append(nil), strconv.AppendInt(nil, count, 10)}})
				want := None
				switch n := len(m.entries); {
				case !exists:
					want = NoSuchKey
				case last.Compare(m.deleted) < 0:
					want = BelowDeleted
				case n > 0 && last.Compare(m.entries[n-1]) < 0:
					want = BelowTop
				case count >= 0 && count < int64(n):
					want = BelowLength
				}
				if out.Failure != want {
					t.Fatalf("XSETID %v with %d: failure %d, want %d", last, count, out.Failure, want)
				}
				if want == None {
					if m.last = last; count >= 0 {
						m.added = count
					}
				}
			}
			if s := d.stream(); !slices.Equal(s.ids(), m.entries) || s.Last != m.last || s.Deleted != m.deleted || s.Added() != uint64(m.added) || s.Exists() != exists {
				t.Fatalf("entries %v, last %v, deleted %v, added %d, exists %v; want %+v, %v", s.ids(), s.Last, s.Deleted, s.Added(), s.Exists(), m, exists)
			}
		}
	})
}

// met returns what two coordinators have when they have exchanged their copies.
func met(a, b *document) document {
	merged, _ := object.Merge(a.Object, b.Object)
	return document{Object: merged, now: max(a.now, b.now)}
}

// change draws a command that changes some stream: an addition, a deletion or a trim.
func (d *document) change(t *rapid.T) {
	s := d.stream()
	switch rapid.IntRange(0, 3).Draw(t, "command") {
	case 0, 1:
		d.do(added(NewID{}, rapid.Int64Range(0, 3).Draw(t, "now"), rapid.Uint64().Draw(t, "seed")))
	case 2:
		if len(s.Entries) > 0 {
			d.do(Command{Op: StreamDelete, Args: [][]byte{rapid.SampledFrom(s.Entries).Draw(t, "entry").Name}})
		}
	default:
		d.do(Command{Op: StreamTrim, Args: [][]byte{Trim{Longest: rapid.Uint64Range(0, 3).Draw(t, "longest")}.Append(nil)}})
	}
}

// Two coordinators that part and meet again have all entries that either has added, but for those
// that one of them has removed and had seen. Neither gives an id again that the other has given.
func TestStream_TwoSides_Merge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var base document
		for range rapid.IntRange(0, 6).Draw(t, "before") {
			base.change(t)
		}
		was := base.stream()
		var sides [2]document
		var seen [2]Stream
		for i := range sides {
			sides[i] = document{Object: base.Object.Clone(), now: base.now, node: causal.NodeID(i + 1)}
			for range rapid.IntRange(0, 6).Draw(t, "on a side") {
				sides[i].change(t)
			}
			seen[i] = sides[i].stream()
		}
		merged := met(&sides[0], &sides[1])
		want := make(map[StreamID]bool)
		for i, s := range seen {
			for _, id := range s.ids() {
				if !slices.Contains(was.ids(), id) || slices.Contains(seen[1-i].ids(), id) {
					want[id] = true
				}
			}
		}
		s := merged.stream()
		if sorted := slices.SortedFunc(maps.Keys(want), StreamID.Compare); !slices.Equal(s.ids(), sorted) {
			t.Fatalf("entries %v, want %v; the sides had %v and %v of %v", s.ids(), sorted, seen[0].ids(), seen[1].ids(), was.ids())
		}
		if s.Last != maxStreamID(seen[0].Last, seen[1].Last) || s.Deleted != maxStreamID(seen[0].Deleted, seen[1].Deleted) || s.Removed < max(seen[0].Removed, seen[1].Removed) {
			t.Fatalf("%+v of %+v and %+v", s, seen[0], seen[1])
		}
		last := s.Last
		if out := merged.do(added(NewID{}, 0, rapid.Uint64().Draw(t, "seed"))); last != (StreamID{}) {
			if got, _ := ReadStreamID(out.Values[0]); got.Compare(last) <= 0 {
				t.Fatalf("%v after %v", got, last)
			}
		}
		merged.do(Command{Op: StreamTrim, Args: [][]byte{Trim{}.Append(nil)}})
		if s := merged.stream(); len(s.marks) > 1 {
			t.Fatalf("%d marks are left", len(s.marks))
		}
	})
}

// Two clients give one id to two entries on two sides of a split. One of them shows, and the other
// is there until a deletion has seen both.
func TestStream_OneExplicitIDOnTwoSides_KeepsBoth(t *testing.T) {
	a, b := document{node: 1, now: 10}, document{node: 2, now: 20}
	asked := NewID{Rule: ExplicitID, ID: StreamID{5, 1}}
	a.do(added(asked, 1, 1))
	later := added(asked, 1, 2)
	later.Args[1] = AppendFields(nil, args("f", "later"))
	b.do(later)
	both := met(&a, &b)
	name := asked.ID.Append(nil)
	if s := both.stream(); len(s.Entries) != 1 || string(FieldsOf(s.Entries[0].Data)[1]) != "later" || len(both.Elements.Of(object.Entry, name)) != 2 {
		t.Errorf("entries %+v, elements %+v", s.Entries, both.Elements)
	}
	if out := both.do(Command{Op: StreamDelete, Args: [][]byte{name}}); out.Number != 1 || len(both.Elements.Of(object.Entry, name)) != 0 {
		t.Errorf("%+v, left %+v", out, both.Elements)
	}
}

// A copy has the entries, and gives no id again that was given before.
func TestStoreOf_Stream_KeepsItsMark(t *testing.T) {
	var from, to document
	first := from.do(added(NewID{}, 1000, 1)).Values[0]
	last := from.do(added(NewID{}, 2000, 2)).Values[0]
	from.do(Command{Op: StreamDelete, Args: [][]byte{last}})
	to.do(StoreOf(ViewOf(&from.Object, object.Entry, from.now), 0))
	s, want := to.stream(), from.stream()
	if !slices.Equal(s.ids(), want.ids()) || len(s.ids()) != 1 || s.Last != want.Last || s.Deleted != want.Deleted || s.Added() != 2 {
		t.Errorf("%+v, want %+v", s, want)
	}
	if id, _ := ReadStreamID(to.do(added(NewID{}, 5, 3)).Values[0]); id.Compare(want.Last) <= 0 {
		t.Errorf("%v after %v", id, want.Last)
	}
	from.do(Command{Op: StreamDelete, Args: [][]byte{first}})
	to.do(StoreOf(ViewOf(&from.Object, object.Entry, from.now), 0))
	if s := to.stream(); len(s.Entries) != 0 || !s.Exists() {
		t.Errorf("a copy of a stream without entries: %+v", s)
	}
}

// What another version, or nobody, has written is skipped, and breaks nothing.
func TestStreamOf_UnknownElements_AreSkipped(t *testing.T) {
	good := &object.Element{Kind: object.Entry, Name: StreamID{5, 1}.Append(nil), Data: AppendFields(nil, args("f", "v"))}
	v := View{
		{Kind: object.Entry, Name: []byte("short")},
		good,
		{Kind: object.Entry, Name: append(StreamID{9, 9}.Append(nil), 0)},
	}
	if s := StreamOf(v); len(s.Entries) != 1 || s.Entries[0] != good || s.Last != (StreamID{5, 1}) {
		t.Errorf("%+v", s)
	}
	for _, data := range []string{"", "\x01\x01f", "\x02\x01f", "\x02\x01f\x01vx", "\xff\xff\xff\xff\x0f"} {
		if fields := FieldsOf([]byte(data)); len(fields) != 0 {
			t.Errorf("%q has the fields %q", data, fields)
		}
	}
}

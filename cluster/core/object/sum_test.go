package object

import (
	"fmt"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

// A counting world is replicas that write, delete and add to one key, beside a model: for every
// value, what it said and which additions its writer had seen.
type countingWorld struct {
	replicas []*countingReplica
	amounts  map[causal.Dot]int64               // of additions
	values   map[causal.Dot]int64               // what each sibling's data said
	past     map[causal.Dot]map[causal.Dot]bool // of each sibling: the additions that its writer had seen
	now      causal.Timestamp
	objects  []Object
}

type countingReplica struct {
	actor causal.Actor
	next  causal.Counter
	o     Object
	heard map[causal.Dot]bool // additions
}

func newCountingWorld(replicas int) *countingWorld {
	w := &countingWorld{amounts: map[causal.Dot]int64{}, values: map[causal.Dot]int64{}, past: map[causal.Dot]map[causal.Dot]bool{}, now: causal.TimestampOf(1_700_000_000_000)}
	for i := range replicas {
		w.replicas = append(w.replicas, &countingReplica{actor: ofNode(i + 1), heard: map[causal.Dot]bool{}})
	}
	return w
}

func (w *countingWorld) dot(r *countingReplica) causal.Dot {
	w.now += causal.TimestampOf(1)
	r.next++
	return causal.Dot{Actor: r.actor, Counter: r.next}
}

func (w *countingWorld) wrote(r *countingReplica, dot causal.Dot, n int64) {
	w.values[dot], w.past[dot] = n, union(r.heard)
}

func (w *countingWorld) put(r *countingReplica, v Value, n int64) {
	dot := w.dot(r)
	r.o = Put(r.o, r.o.Context(), dot, w.now, v)
	w.wrote(r, dot, n)
}

func (w *countingWorld) add(r *countingReplica, n int64, fresh bool) {
	dot := w.dot(r)
	sum, _ := r.o.Sums.Of(dot.Actor)
	var next Object
	at := (&Increment{Sum: sum.Plus(n), Dot: dot, Time: w.now, Fresh: fresh}).Apply(&next, r.o)
	if fresh {
		w.wrote(r, dot, 0)
		r.next++
	}
	r.o, w.amounts[at], r.heard[at] = next, n, true
}

func (w *countingWorld) merge(to, from *countingReplica) {
	to.o, _ = Merge(to.o, from.o)
	to.heard = union(to.heard, from.heard)
}

// restart gives a replica's node a new actor.
func (w *countingWorld) restart(r *countingReplica) {
	r.actor.Epoch++
	r.next = 0
}

// want is the number that the model has for a sibling of a replica.
func (w *countingWorld) want(r *countingReplica, s *Sibling) (n int64, unseen bool) {
	n = w.values[s.Dot]
	for d := range r.heard {
		if !w.past[s.Dot][d] {
			n, unseen = n+w.amounts[d], true
		}
	}
	return n, unseen
}

func (w *countingWorld) check(t *rapid.T, r *countingReplica) {
	shown := Counted(&r.o)
	for i := range shown.Siblings {
		s := &shown.Siblings[i]
		want, unseen := w.want(r, s)
		if unseen == s.Tombstone && r.o.Siblings[i].Tombstone {
			t.Fatalf("deletion %v: additions that it has not seen: %v, shown as %+v", s.Dot, unseen, s.Value)
		}
		if got, _ := strconv.ParseInt(string(s.Data), 10, 64); !s.Tombstone && got != want {
			t.Fatalf("sibling %v is %s, want %d: %+v", s.Dot, s.Data, want, r.o)
		}
	}
	encoded := r.o.Append(nil)
	if again, err := Decode(encoded); err != nil || !again.Equal(&r.o) || len(encoded) != r.o.EncodedLen() {
		t.Fatalf("%+v is read back as %+v, %v", r.o, again, err)
	}
	w.objects = append(w.objects, r.o)
}

// The number of each sibling is what its writer said and all additions that it had not seen,
// each once, whatever order copies met in.
func TestSums_EachAdditionCountsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newCountingWorld(3)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			r := w.replicas[rapid.IntRange(0, 2).Draw(t, "replica")]
			shown := Counted(&r.o)
			newest := shown.Newest()
			exists := newest != nil && newest.Live(0)
			switch n := rapid.Int64Range(-5, 5).Draw(t, "amount"); rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				w.put(r, Value{Data: strconv.AppendInt(nil, n, 10)}, n)
			case 1:
				w.put(r, Value{Tombstone: true}, 0)
			case 2: // an update that computes from what is shown, such as EXPIRE
				if exists {
					n, _ := strconv.ParseInt(string(newest.Data), 10, 64)
					w.put(r, Value{Data: newest.Data}, n)
				}
			case 3:
				w.restart(r)
			case 4, 5, 6:
				w.merge(r, w.replicas[rapid.IntRange(0, 2).Draw(t, "from")])
			default:
				w.add(r, n, !exists)
			}
			w.check(t, r)
		}
		// Copies of any age, merged in any order, come to the same.
		one, other := w.replicas[0].o, w.replicas[0].o
		order := rapid.Permutation(w.objects).Draw(t, "order")
		for i := range order {
			one, _ = Merge(one, order[i])
			other, _ = Merge(order[len(order)-1-i], other)
		}
		if !one.Equal(&other) {
			t.Fatalf("merged in two orders: %+v and %+v", one, other)
		}
		all := w.replicas[0]
		w.merge(all, w.replicas[1])
		w.merge(all, w.replicas[2])
		if all.o = one; true {
			w.check(t, all)
		}
	})
}

// A write with a context that has not seen an addition stays beside the value that was added to.
func TestPut_ContextWithoutAnAddition_KeepsTheValueThatWasAddedTo(t *testing.T) {
	w := newCountingWorld(2)
	a := w.replicas[0]
	w.put(a, Value{Data: []byte("5")}, 5)
	seen := a.o.Context().Clone()
	w.add(a, 2, false)
	next := Put(a.o, seen, w.dot(a), w.now, Value{Data: []byte("20")})
	shown := Counted(&next)
	if len(shown.Siblings) != 2 || string(shown.Siblings[0].Data) != "7" || string(shown.Siblings[1].Data) != "20" {
		t.Errorf("shown are %+v, want 7 and 20", shown.Siblings)
	}
	next = Put(a.o, a.o.Context().Clone(), w.dot(a), w.now, Value{Data: []byte("20")})
	if shown = Counted(&next); len(shown.Siblings) != 1 || string(shown.Siblings[0].Data) != "20" {
		t.Errorf("shown is %+v to a writer that has seen all, want 20", shown.Siblings)
	}
}

// A deletion with a context that leaves no other value keeps its base.
func TestWithout_Sums_KeepsTheDeletion(t *testing.T) {
	w := newCountingWorld(1)
	a := w.replicas[0]
	w.add(a, 2, true)
	dot := w.dot(a)
	gone := Put(a.o, a.o.Context().Clone(), dot, w.now, Value{Tombstone: true})
	gone = gone.Without(dot)
	if gone.Live(0) {
		t.Errorf("deleted, and there is %+v", gone)
	}
}

// A change of elements that takes what was counted keeps it taken.
func TestBecomeEdited_TakesTheSums(t *testing.T) {
	for name, siblings := range map[string]bool{"with a value": true, "with sums alone": false} {
		w := newCountingWorld(1)
		a := w.replicas[0]
		w.add(a, 2, true)
		if !siblings {
			a.o.Siblings = nil
		}
		var next Object
		next.BecomeEdited(a.o, &Edit{All: true, Seen: a.o.Context(), Dot: w.dot(a), Time: w.now, Changes: []Change{{Kind: Member, Name: []byte("m")}}})
		if shown := Counted(&next); len(next.Elements) != 1 || shown.Newest() == nil || !shown.Newest().Tombstone {
			t.Errorf("%s: left are %+v", name, next)
		}
	}
}

func TestRebase_TakesInWhatOthersAdded(t *testing.T) {
	w := newCountingWorld(2)
	a, b := w.replicas[0], w.replicas[1]
	w.add(b, 1, true)
	w.put(a, Value{Data: []byte("20")}, 20) // acknowledged after b's addition, and a had not heard of it
	set := a.o.Siblings[0].Dot
	w.add(a, 3, false)
	w.merge(a, b)
	if shown := Counted(&a.o); string(shown.Newest().Data) != "24" {
		t.Fatalf("before: %s, want 24", shown.Newest().Data)
	}
	var next Object
	if v, ok := (&Rebase{Old: set, Dot: w.dot(a), Time: w.now, All: true}).Apply(&next, a.o); !ok || string(v.Data) != "20" {
		t.Fatal("nothing to do")
	}
	shown := Counted(&next)
	if string(shown.Newest().Data) != "23" {
		t.Errorf("after: %s, want 23", shown.Newest().Data)
	}
	if merged, _ := Merge(next, b.o); !merged.Equal(&next) {
		t.Errorf("what b adds again: %+v", merged)
	}
	var again Object
	for _, old := range []causal.Dot{set, shown.Newest().Dot} {
		if _, ok := (&Rebase{Old: old, Dot: w.dot(a), Time: w.now, All: true}).Apply(&again, next); ok {
			t.Errorf("%v: there was nothing to take in any more", old)
		}
	}
}

func TestSums_AreTrimmedNever(t *testing.T) {
	w := newCountingWorld(1)
	a := w.replicas[0]
	for i := range MaxVector + 5 {
		w.restart(a)
		w.add(a, 1, i == 0)
	}
	w.now += 2 * trimSpan
	w.restart(a)
	w.add(a, 1, false)
	if shown := Counted(&a.o); string(shown.Newest().Data) != fmt.Sprint(MaxVector+6) {
		t.Errorf("%s, want %d", shown.Newest().Data, MaxVector+6)
	}
}

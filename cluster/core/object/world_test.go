package object

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/number"
)

// A world is a few replicas that all coordinate writes of one key, beside a naive
// model of each: the set of events it has heard of, and for every event the set
// of those that it replaced.
type world struct {
	replicas []*replica
	replaced map[causal.Dot]map[causal.Dot]bool // by event: what it replaced
	epoch    causal.Epoch                       // the newest that was handed out
	now      causal.Timestamp
	minted   map[causal.Dot]bool
	reads    []read // what clients have been shown
	past     []Object
}

type replica struct {
	node   causal.NodeID
	object Object
	exists bool
	floor  causal.Epoch
	heard  map[causal.Dot]bool
}

type read struct {
	context causal.Context
	heard   map[causal.Dot]bool
}

func newWorld(replicas int) *world {
	w := &world{replaced: map[causal.Dot]map[causal.Dot]bool{}, minted: map[causal.Dot]bool{}, now: causal.TimestampOf(1_700_000_000_000)}
	for i := range replicas {
		w.replicas = append(w.replicas, &replica{node: causal.NodeID(i + 1), heard: map[causal.Dot]bool{}})
	}
	w.reads = []read{{heard: map[causal.Dot]bool{}}} // the client that has seen nothing
	return w
}

func (w *world) fresh() causal.Epoch {
	w.epoch++
	return w.epoch
}

// put writes at r with the context of a read, as the coordinator does.
func (w *world) put(r *replica, ctx read) causal.Dot {
	w.now += causal.TimestampOf(1)
	stored := &r.object
	if !r.exists {
		stored = nil
	}
	dot := NextDot(stored, ctx.context.Vector, r.node, EpochSpan{From: r.floor, Below: w.epoch + 1}, w.fresh)
	if w.minted[dot] {
		panic(fmt.Sprintf("dot %v minted twice", dot))
	}
	w.minted[dot] = true
	w.replaced[dot] = union(ctx.heard)
	r.object = Put(r.object, ctx.context, dot, w.now, Value{Data: fmt.Append(nil, dot)})
	r.exists = true
	r.heard = union(r.heard, ctx.heard, map[causal.Dot]bool{dot: true})
	w.past = append(w.past, r.object)
	return dot
}

// read is what a client is shown of r.
func (w *world) read(r *replica) read {
	return read{context: r.object.Context(), heard: union(r.heard)}
}

func (w *world) merge(to, from *replica) {
	if !from.exists {
		return
	}
	to.object, _ = Merge(to.object, from.object)
	to.exists = true
	to.heard = union(to.heard, from.heard)
	w.past = append(w.past, to.object)
}

// lose makes r forget everything, as a lost disk does; the node raises its floor.
func (w *world) lose(r *replica) {
	r.object, r.exists, r.heard = Object{}, false, map[causal.Dot]bool{}
	r.floor = w.epoch + 1
}

// live is the model's answer: the events that r has heard of and that none that
// it has heard of replaced.
func (w *world) live(heard map[causal.Dot]bool) []causal.Dot {
	gone := map[causal.Dot]bool{}
	for d := range heard {
		for g := range w.replaced[d] {
			gone[g] = true
		}
	}
	var live []causal.Dot
	for d := range heard {
		if !gone[d] {
			live = append(live, d)
		}
	}
	slices.SortFunc(live, causal.Dot.Compare)
	return live
}

func dotsOf(o *Object) []causal.Dot {
	var dots []causal.Dot
	for _, s := range o.Siblings {
		dots = append(dots, s.Dot)
	}
	return dots
}

func union(sets ...map[causal.Dot]bool) map[causal.Dot]bool {
	all := map[causal.Dot]bool{}
	for _, s := range sets {
		for d := range s {
			all[d] = true
		}
	}
	return all
}

// anyObject draws an object that no history need have led to: whatever is well
// formed must merge like a join. It stays below MaxVector entries, as trimming is
// what a join is true up to.
func anyObject(t *rapid.T) Object {
	var o Object
	var unknown []causal.Dot
	for node := causal.NodeID(1); node <= 3; node++ {
		for epoch := causal.Epoch(1); epoch <= 2; epoch++ {
			a := causal.Actor{Node: node, Epoch: epoch}
			top := causal.Counter(rapid.IntRange(0, 4).Draw(t, "counter"))
			if a == based {
				top = max(top, 1)
			}
			if top == 0 {
				continue
			}
			e := causal.Entry{Actor: a, Counter: top, Time: anyTime(t)}
			o.Clock = append(o.Clock, e)
			for n := causal.Counter(1); n <= top; n++ {
				kind := rapid.IntRange(0, 4).Draw(t, "sibling")
				if kind == 3 {
					o.Elements = append(o.Elements, anyElements(t, causal.Dot{Actor: a, Counter: n})...)
				}
				if kind == 4 && n < top && (a != based || n > 1) {
					unknown = append(unknown, causal.Dot{Actor: a, Counter: n})
				}
				if kind > 1 {
					continue
				}
				s := Sibling{Dot: causal.Dot{Actor: a, Counter: n}, Time: anyTime(t)}
				s.Origin = originOf(s.Dot)
				switch rapid.IntRange(0, 3).Draw(t, "value") {
				case 0:
					s.Tombstone = true
				case 1:
					s.Expiry = rapid.Int64Range(1, 3).Draw(t, "expiry")
					if s.Stripped = rapid.Bool().Draw(t, "stripped"); !s.Stripped {
						s.Data = []byte("x")
					}
				default:
					s.Data = []byte(rapid.StringN(0, 2, 4).Draw(t, "data"))
				}
				o.Siblings = append(o.Siblings, s)
			}
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "replaced") {
		o.Replaced = o.Replaced.add(Replacement{
			Origin: causal.Origin{Life: causal.Life(rapid.IntRange(1, 2).Draw(t, "life")), Stamp: anyTime(t)},
			Before: rapid.Bool().Draw(t, "before"),
		})
	}
	anySums(t, &o, unknown)
	slices.SortFunc(o.Elements, func(a, b Element) int { return a.order(&b) })
	o.Gaps = o.Context().Less(unknown).Gaps
	o.settle()
	return o
}

// anySums draws sums for o, and bases that every object has alike.
func anySums(t *rapid.T, o *Object, unknown []causal.Dot) {
	needed := slices.ContainsFunc(o.Siblings, hasBase)
	if !needed && rapid.Bool().Draw(t, "no sums") {
		return
	}
	for _, e := range o.Clock {
		d := causal.Dot{Actor: e.Actor, Counter: causal.Counter(rapid.IntRange(0, int(e.Counter)).Draw(t, "sum"))}
		if needed && e.Actor == based && (d.Counter == 0 || slices.Contains(unknown, d)) {
			d.Counter = 1
		}
		if d.Counter > 0 && !slices.Contains(unknown, d) {
			o.Sums = append(o.Sums, sumAt(d))
		}
	}
	for i := range o.Siblings {
		if s := &o.Siblings[i]; hasBase(*s) {
			s.Base = Sums{sumAt(causal.Dot{Actor: based, Counter: 1})}
		}
	}
}

// based is the actor whose first sum is in the bases of drawn siblings. An object with such a
// sibling has a sum of it, as every object has what is in the bases of its siblings.
var based = causal.Actor{Node: 1, Epoch: 1}

// hasBase reports whether a drawn sibling has a base.
func hasBase(s Sibling) bool { return s.Dot.Actor == causal.Actor{Node: 3, Epoch: 2} }

// sumAt returns the sum that an actor has after the event of a dot.
func sumAt(d causal.Dot) Sum {
	amount := number.Amount{Int: int64(d.Counter) * 10}
	if d.Counter%2 == 0 {
		amount, _ = amount.PlusFloat("0.5")
	}
	return Sum{Dot: d, Amount: amount}
}

// anyElements draws what one event has written of elements.
func anyElements(t *rapid.T, d causal.Dot) []Element {
	var drawn []Element
	for _, kind := range []Kind{KeyExpiry, Field, Member, Scored, Item, Entry} {
		for _, name := range []string{"a", "b"} {
			if kind == KeyExpiry {
				name = ""
			}
			if !rapid.Bool().Draw(t, "element") || name == "" && len(drawn) > 0 {
				continue
			}
			e := Element{Kind: kind, Name: []byte(name), Dot: d, Time: anyTime(t)}
			if rapid.Bool().Draw(t, "expires") {
				e.Expiry = rapid.Int64Range(1, 3).Draw(t, "expiry")
			}
			switch {
			case kind == KeyExpiry:
				e.Name = nil
			case rapid.IntRange(0, 3).Draw(t, "element stripped") == 0:
				e.Stripped = true
			case kind == Scored:
				e.Data = AppendScore(nil, rapid.Float64Range(-1, 1).Draw(t, "score"))
			case kind != Member && rapid.Bool().Draw(t, "has data"):
				e.Data = []byte{byte('x' + rapid.IntRange(0, 1).Draw(t, "data of element"))}
			}
			drawn = append(drawn, e)
		}
	}
	return drawn
}

// originOf returns the origin that the event of a dot has in all objects, if any. Each
// origin has some dots.
func originOf(d causal.Dot) causal.Origin {
	n := uint64(d.Actor.Node)*5 + uint64(d.Actor.Epoch)*3 + uint64(d.Counter)
	if n%5 == 0 {
		return causal.Origin{}
	}
	return causal.Origin{Life: causal.Life(1 + n%2), Stamp: causal.Timestamp(1 + n%3)}
}

func anyTime(t *rapid.T) causal.Timestamp {
	return causal.Timestamp(rapid.Uint64Range(1, 3).Draw(t, "time"))
}

// oneOf is a typical stored object: one live value, as many writers as named.
func oneOf(actors int, data []byte) Object {
	o := Object{}
	for i := range actors {
		v := Value{Data: data}
		dot := causal.Dot{Actor: causal.Actor{Node: causal.NodeID(0x9e3779b97f4a7c15 * uint64(i+1)), Epoch: 1_763_000_000_000 << 20}, Counter: causal.Counter(i + 1)}
		o = Put(o, o.Context(), dot, causal.TimestampOf(1_763_000_000_000+int64(i)), v)
	}
	return o
}

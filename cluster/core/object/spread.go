package object

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// A large collection need not be in memory as a whole. An object may have some of its elements
// only, and the totals of the others: its [Rest]. What a change does to some names depends on the
// elements of those names, on the clock and on the expiry of the key, and on nothing else. So an
// edit or a delta of some names, applied to the object with those names alone, makes of it what
// it makes of the whole:
//
//	BecomeEdited(Restrict(o)) = Restrict(BecomeEdited(o))
//	MergeDelta(Restrict(o), d) = Restrict(MergeDelta(o, d))
//
// What looks at the ends of a collection, such as a push to a list, needs the elements of the first
// names or of the last ones. The rest then says between which names all others are. That stays true
// whatever is done to names that are at hand.
//
// Only a collection that is nothing else can do without the rest ([Spreads]). An object
// with a rest is not trimmed, as it does not know who wrote the rest. The next merge of the whole
// trims it.

// Rest has the totals of elements. Those of an expiry of the key do not count.
type Rest struct {
	Kind  Kind   // of all of them; 0 where there are none
	Names int    // each counts once, however many concurrent elements it has
	Bytes int64  // of names and data, and of what an encoding needs of each element
	Sum   uint64 // of the hashes of the elements, which are in no order

	// The names of the rest are greater than After and smaller than Before, where these are not empty.
	After, Before string
}

// Between reports whether an element of a name may be one of the rest.
func (r Rest) Between(name []byte) bool {
	return (r.After == "" || string(name) > r.After) && (r.Before == "" || string(name) < r.Before)
}

// Without returns r less the totals of some of its elements.
func (r Rest) Without(some Rest) Rest {
	r.Names, r.Bytes, r.Sum = r.Names-some.Names, r.Bytes-some.Bytes, r.Sum-some.Sum
	if r.Names == 0 {
		r.Kind, r.After, r.Before = 0, "", ""
	}
	return r
}

// With returns the totals of r's elements and of others, which are of one kind, and may have any names.
func (r Rest) With(others Rest) Rest {
	r.After, r.Before = "", ""
	if others.Names == 0 {
		return r
	}
	r.Kind = others.Kind
	r.Names, r.Bytes, r.Sum = r.Names+others.Names, r.Bytes+others.Bytes, r.Sum+others.Sum
	return r
}

// elementOverhead is what an encoding needs of an element beside its name and data, about: kind,
// flags, two lengths, event, expiry.
const elementOverhead = 40

// Bytes returns the bytes of the elements, with what an encoding needs of each.
func (es Elements) Bytes() (size int64) {
	for i := range es {
		size += elementOverhead + int64(len(es[i].Name)+len(es[i].Data))
	}
	return size
}

// Total returns the totals of the elements, of which those that are no expiry of the key are of
// one kind.
func (es Elements) Total() (total Rest) {
	es = es.listed()
	total.Bytes, total.Sum = es.Bytes(), es.sum()
	for i := range es {
		if total.Kind = es[i].Kind; i == 0 || orderOfNames(es[i-1].Kind, es[i-1].Name, es[i].Kind, es[i].Name) != 0 {
			total.Names++
		}
	}
	return total
}

// listed returns the elements without the expiries of the key, which are the first.
func (es Elements) listed() Elements { return es[len(es.expiries()):] }

// expiries returns the expiries of the key.
func (es Elements) expiries() Elements {
	n := 0
	for n < len(es) && es[n].Kind == KeyExpiry {
		n++
	}
	return es[:n:n]
}

// HeadOf returns o without its elements, but for the expiries of the key.
func HeadOf(o *Object) Object {
	head := *o
	head.Elements, head.Rest = o.Elements.expiries(), Rest{}
	return head
}

// anyElement reports whether an element of o can be read at the time now (unix milliseconds).
func anyElement(o *Object, now int64) bool {
	return o.Rest.Lives(o.Elements, now) || o.Elements.AnyLive(now)
}

// Lives reports whether there is a rest, and can be read at the time now (unix milliseconds). The
// elements beside it have the expiry of the key.
func (r Rest) Lives(beside Elements, now int64) bool {
	return r.Names > 0 && !beside.At(now).expired()
}

// endingOf returns the ending of all of o's elements.
func endingOf(o *Object) ending {
	end := o.Elements.ending()
	if o.Rest.Names == 0 || end.never {
		return end
	}
	at := o.Elements.KeyExpiry()
	if at == 0 {
		return ending{never: true, values: true}
	}
	end.values, end.at = true, max(end.at, at)
	return end
}

// Spreads reports whether o can do without some of its elements, and gains by it: it has no
// siblings and no sums, its elements are of one kind whose changes name them or look at the ends of
// all, and they last as long as the key. Changes of streams look for marks among the entries.
func Spreads(o *Object) bool {
	listed := o.Elements.listed()
	if len(o.Siblings)+len(o.Sums) > 0 || len(listed) == 0 {
		return false
	}
	switch kind := listed[0].Kind; kind {
	case Field, Member, Scored, Item:
		return o.Elements.LastWithKey(kind)
	}
	return false
}

// LastWithKey reports whether the elements are of one kind, are not stripped, have no expiry of
// their own, and expire with the key if that expires.
func (es Elements) LastWithKey(kind Kind) bool {
	reader := es.At(0)
	return !slices.ContainsFunc(es.listed(), func(e Element) bool {
		return e.Kind != kind || e.Stripped || e.Expiry != 0 || reader.end(&e) != reader.keyExpiry
	})
}

// sum returns the sum of the hashes of the elements, which does not depend on their order.
func (es Elements) sum() (sum uint64) {
	var d xxhash.Digest
	room := make([]byte, 0, 64)
	for i := range es {
		e := &es[i]
		room = wire.AppendFlag(append(room[:0], byte(e.Kind)), e.Stripped)
		room = appendEvent(room, e)
		room = wire.AppendUint64(room, uint64(e.Expiry))
		room = wire.AppendUvarint(room, uint64(len(e.Name)))
		d.Reset()
		_, _ = d.Write(room) // it never fails
		_, _ = d.Write(e.Name)
		_, _ = d.Write(e.Data)
		sum += d.Sum64()
	}
	return sum
}

func appendEvent(dst []byte, e *Element) []byte {
	dst = wire.AppendUint64(wire.AppendUint64(dst, uint64(e.Dot.Actor.Node)), uint64(e.Dot.Actor.Epoch))
	return wire.AppendUint64(wire.AppendUint64(dst, uint64(e.Dot.Counter)), uint64(e.Time))
}

const (
	cellVersion = 1
	minCellLen  = 4*8 + 1
)

// AppendCell appends the encoding of the elements of one name, which last with the key:
// version u8 (1) | number uvarint | each: node u64, epoch u64, counter u64, time u64, length of
// the data uvarint, data.
func (es Elements) AppendCell(dst []byte) []byte {
	dst = wire.AppendUvarint(append(dst, cellVersion), uint64(len(es)))
	for i := range es {
		dst = wire.AppendBytes(appendEvent(dst, &es[i]), es[i].Data)
	}
	return dst
}

// AppendFromCell reads what [Elements.AppendCell] wrote of a name, and appends the elements to es.
// They alias b and the name. Errors wrap [wire.ErrCorrupt].
func (es Elements) AppendFromCell(n Name, b []byte) (Elements, error) {
	r := wire.NewReader(b)
	if v := r.Byte(); !r.Failed() && v != cellVersion {
		r.Fail()
	}
	for range r.Count(minCellLen) {
		e := Element{Kind: n.Kind, Name: n.Name}
		e.Dot.Actor = causal.Actor{Node: causal.NodeID(r.Uint64()), Epoch: causal.Epoch(r.Uint64())}
		e.Dot.Counter, e.Time = causal.Counter(r.Uint64()), causal.Timestamp(r.Uint64())
		if e.Data = r.Bytes(); len(e.Data) == 0 {
			e.Data = nil
		}
		if last := len(es) - 1; r.Failed() || last >= 0 && es[last].order(&e) >= 0 {
			r.Fail()
			break
		}
		es = append(es, e)
	}
	return es, r.Done("elements of one name")
}

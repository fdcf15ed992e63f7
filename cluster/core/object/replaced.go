package object

import (
	"cmp"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// An update that one node issues and another coordinates may be carried out by two
// coordinators, when the first one was only slow. Then it makes two siblings, twins, with
// different dots. They have the same [causal.Origin], and are one version:
//
//   - When one of them is replaced, all are. The object remembers the origin in
//     [Object.Replaced], so a twin that comes later is dropped.
//   - A reader is shown one of them ([Object.OneOfEach]).
//
// Both are kept until then, because each may be replaced by a writer that has seen only
// this one. So what survives a merge of several objects does not depend on their order: a
// sibling survives if every object that covers its dot has it, and if no object has
// replaced its origin, nor a twin of it.

// Replacement says that a forwarded update was replaced: the one of its Origin, or, if
// Before is set, every one that the same life issued before it.
type Replacement struct {
	causal.Origin
	Before bool
}

// Replaced lists replacements in order, without those that another one includes.
type Replaced []Replacement

// A replacement is forgotten when it is older by ReplacedAge than the object's newest
// event, or when MaxReplaced newer ones are there. A
// twin that comes after that is a false sibling, and no value is lost.
const (
	MaxReplaced = 16
	ReplacedAge = 3 * time.Hour
)

var replacedSpan = causal.TimestampOf(ReplacedAge.Milliseconds())

func (r Replacement) compare(o Replacement) int {
	switch c := cmp.Compare(r.Life, o.Life); {
	case c != 0:
		return c
	case r.Before != o.Before && r.Before:
		return -1
	case r.Before != o.Before:
		return 1
	}
	return cmp.Compare(r.Stamp, o.Stamp)
}

// includes reports whether o says nothing that r does not say.
func (r Replacement) includes(o Replacement) bool {
	return r.Life == o.Life && (r.Stamp > o.Stamp && r.Before || r == o)
}

// Has reports whether the update of an origin was replaced.
func (r Replaced) Has(o causal.Origin) bool {
	for i := range r {
		if r[i].includes(Replacement{Origin: o}) {
			return true
		}
	}
	return false
}

// add returns r, which the caller owns, with one more replacement.
func (r Replaced) add(one Replacement) Replaced {
	for i := range r {
		if r[i].includes(one) {
			return r
		}
	}
	r = slices.DeleteFunc(r, one.includes)
	at, _ := slices.BinarySearchFunc(r, one, Replacement.compare)
	return slices.Insert(r, at, one)
}

// replace records that s was replaced in o. It changes no memory that o may share.
func (o *Object) replace(s *Sibling) {
	if s.Origin != (causal.Origin{}) {
		o.Replaced = slices.Clone(o.Replaced).add(Replacement{Origin: s.Origin})
	}
}

// settle drops the siblings of o whose origins are replaced, and replacements that are
// too old or too many. The caller owns o.
func (o *Object) settle() {
	if len(o.Replaced) == 0 {
		return
	}
	o.Siblings = slices.DeleteFunc(o.Siblings, func(s Sibling) bool { return s.issued() && o.Replaced.Has(s.Origin) })
	latest := o.Clock.Latest()
	o.Replaced = slices.DeleteFunc(o.Replaced, func(r Replacement) bool { return r.Stamp < latest && latest-r.Stamp > replacedSpan })
	for len(o.Replaced) > MaxReplaced {
		oldest := 0
		for i, r := range o.Replaced {
			if r.Stamp < o.Replaced[oldest].Stamp {
				oldest = i
			}
		}
		o.Replaced = slices.Delete(o.Replaced, oldest, oldest+1)
	}
}

// issued reports whether s was forwarded.
func (s *Sibling) issued() bool { return s.Origin != (causal.Origin{}) }

// plain reports whether o has no gaps, no sums, and nothing of forwarded updates.
func (o *Object) plain() bool { return len(o.Gaps) == 0 && len(o.Sums) == 0 && !o.hasIssued() }

// hasIssued reports whether o has anything of forwarded updates.
func (o *Object) hasIssued() bool {
	for i := range o.Siblings {
		if o.Siblings[i].issued() {
			return true
		}
	}
	return len(o.Replaced) > 0
}

// Made looks for the version of a forwarded update. It returns the dot of the version, or
// the zero dot if that was replaced; known is false if o has never had one.
func (o *Object) Made(by causal.Origin) (dot causal.Dot, known bool) {
	if by == (causal.Origin{}) {
		return dot, false
	}
	for i := range o.Siblings {
		if o.Siblings[i].Origin == by {
			return o.Siblings[i].Dot, true
		}
	}
	return causal.Dot{}, o.Replaced.Has(by)
}

// Attribute records which forwarded update made the sibling with this dot. The caller
// owns o.
func (o *Object) Attribute(dot causal.Dot, to causal.Origin) {
	for i := range o.Siblings {
		if o.Siblings[i].Dot == dot {
			o.Siblings[i].Origin = to
		}
	}
}

// ReplaceBefore records that o, which the caller owns, replaces every update that a life
// issued before a stamp. All of them must be finished.
func (o *Object) ReplaceBefore(life causal.Life, stamp causal.Timestamp) {
	o.Replaced = o.Replaced.add(Replacement{Origin: causal.Origin{Life: life, Stamp: stamp}, Before: true})
	o.settle()
}

// OneOfEach returns o with only the first one of the siblings that have the same origin.
func (o *Object) OneOfEach() Object {
	for i := range o.Siblings {
		if s := &o.Siblings[i]; s.issued() && o.hasTwin(i) {
			one := *o
			one.Siblings = nil
			for k := range o.Siblings {
				if !o.hasTwin(k) {
					one.Siblings = append(one.Siblings, o.Siblings[k])
				}
			}
			return one
		}
	}
	return *o
}

// hasTwin reports whether a sibling before the one at an index has the same origin.
func (o *Object) hasTwin(at int) bool {
	s := &o.Siblings[at]
	return s.issued() && slices.ContainsFunc(o.Siblings[:at], func(t Sibling) bool { return t.Origin == s.Origin })
}

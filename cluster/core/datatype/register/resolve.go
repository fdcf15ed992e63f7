package register

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// Policy is the rule by which several siblings become one value, for a client that
// asks for one value.
type Policy uint8

// The policies. None of them deletes a sibling.
const (
	LWW       Policy = iota // the newest event wins
	MergeJSON               // JSON objects: all their fields, the newest value of each; else LWW
	Refuse                  // siblings that differ are an error
)

var policyNames = [...]string{LWW: "lww", MergeJSON: "merge", Refuse: "error"}

// ErrConflict is returned when a key has siblings that differ and the policy is
// [Refuse].
var ErrConflict = errors.New("key has conflicting values")

// ErrWrongType is returned where a key has the elements of a collection and a string is
// wanted, or the other way round.
var ErrWrongType = errors.New("the key holds a value of another type")

// ParsePolicy returns the policy of that name: lww, merge or error.
func ParsePolicy(name string) (Policy, error) {
	for p, n := range policyNames {
		if n == name {
			return Policy(p), nil
		}
	}
	return 0, fmt.Errorf("conflict policy %q: want lww, merge or error", name)
}

func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("policy(%d)", uint8(p))
}

// Shown is what commands without a context see of a key.
type Shown struct {
	Value object.Value
	Found bool // the key exists
	// Of is the sibling that has the value, where other live siblings are beside it.
	// It is zero where there is no other, or where the value stands for all of them.
	Of causal.Dot
	// Kind is that of the key's elements if the key is a collection. Then the value has
	// the expiry of the key, and nothing else. It is 0 for a string.
	Kind object.Kind
}

// Resolve returns the value that commands without a context see of o at the time now
// (unix milliseconds); if there is none, found is false and v is zero, whatever has expired.
// The error is [ErrWrongType] if the key is a collection. See [Choose].
func Resolve(o *object.Object, p Policy, now int64) (v object.Value, found bool, err error) {
	shown, err := Choose(o, p, now)
	if !shown.Found {
		return object.Value{}, false, err
	}
	if shown.Kind != 0 {
		return object.Value{}, false, ErrWrongType
	}
	return shown.Value, shown.Found, err
}

// Exists reports whether the key of o exists at the time now (unix milliseconds), for
// every command that does not ask for the context: whether [Choose] finds a value, or a
// conflict of values.
func Exists(o *object.Object, p Policy, now int64) bool {
	shown, err := Choose(o, p, now)
	return err != nil || shown.Found
}

// Choose chooses what commands without a context see of o at the time now (unix
// milliseconds). The result depends only on the object, the policy and the time, so
// every node gives the same answer.
//
// A deletion or an expired value counts like any other: if it is the newest, [LWW]
// finds nothing, and the key does not exist. An older value beside it is still there
// for a client that asks for the context. But HyperLogLogs that live are shown as their
// union, whatever the policy, if no other value lives.
//
// Under [Refuse] other siblings must agree (all deleted or expired, or all of the same
// bytes), or the error is [ErrConflict]. Other policies do not fail.
//
// Where a key has elements too, or elements of several kinds, the newest value or element that
// lives decides what the key is. A deletion has taken the elements that it had seen, and does
// not hide others.
func Choose(o *object.Object, p Policy, now int64) (Shown, error) {
	if len(o.Sums) > 0 {
		counted := object.Counted(o)
		o = &counted
	}
	newest := o.Elements.Newest(now)
	switch {
	case newest != nil:
	case o.Rest.Lives(o.Elements, now): // there are no siblings then
		return collectionOf(o, &object.Element{Kind: o.Rest.Kind}), nil
	default:
		return chooseValue(o, p, now)
	}
	shown, err := chooseValue(o, p, now)
	if err == nil && !shown.Found {
		return collectionOf(o, newest), nil
	}
	for i := range o.Siblings {
		if s := &o.Siblings[i]; s.Live(now) && (s.Time > newest.Time || s.Time == newest.Time && s.Dot.Compare(newest.Dot) > 0) {
			return shown, err
		}
	}
	return collectionOf(o, newest), nil
}

// collectionOf returns what is shown of a key that is a collection.
func collectionOf(o *object.Object, newest *object.Element) Shown {
	return Shown{Found: true, Kind: newest.Kind, Value: object.Value{Expiry: o.Elements.KeyExpiry()}}
}

// chooseValue chooses one of the siblings.
func chooseValue(o *object.Object, p Policy, now int64) (Shown, error) {
	switch len(o.Siblings) {
	case 0:
		return Shown{}, nil
	case 1:
		v := o.Siblings[0].Value
		return Shown{Value: v, Found: v.Live(now)}, nil
	}
	if v, ok := uniteHyperLogLogs(o.Siblings, now); ok {
		return Shown{Value: v, Found: true}, nil
	}
	switch p {
	case MergeJSON:
		if v, ok := uniteJSON(o.Siblings, now); ok {
			return Shown{Value: v, Found: true}, nil
		}
	case Refuse:
		first := &o.Siblings[0]
		for i := range o.Siblings[1:] {
			s := &o.Siblings[1+i]
			if s.Live(now) != first.Live(now) || first.Live(now) && !bytes.Equal(s.Data, first.Data) {
				return Shown{}, ErrConflict
			}
		}
	}
	newest := o.Newest()
	shown := Shown{Value: newest.Value, Found: newest.Live(now)}
	for i := range o.Siblings {
		if s := &o.Siblings[i]; p != Refuse && shown.Found && s != newest && s.Live(now) {
			shown.Of = newest.Dot
		}
	}
	return shown, nil
}

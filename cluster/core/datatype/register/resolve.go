package register

import (
	"bytes"
	"errors"
	"fmt"

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

// Resolve chooses one value of o at the time now (unix milliseconds); found is
// false if o has none. The result depends only on the object, the policy and the
// time, so every node gives the same answer.
//
// A deletion or an expired value counts like any other: if it is the newest, [LWW]
// finds nothing. Under [Refuse] the siblings must agree (all deleted or expired, or
// all of the same bytes), or the error is [ErrConflict]. Other policies do not
// fail.
func Resolve(o *object.Object, p Policy, now int64) (v object.Value, found bool, err error) {
	switch len(o.Siblings) {
	case 0:
		return object.Value{}, false, nil
	case 1:
		v = o.Siblings[0].Value
		return v, v.Live(now), nil
	}
	switch p {
	case MergeJSON:
		if v, ok := uniteJSON(o.Siblings, now); ok {
			return v, true, nil
		}
	case Refuse:
		first := &o.Siblings[0]
		for i := range o.Siblings[1:] {
			s := &o.Siblings[1+i]
			if s.Live(now) != first.Live(now) || first.Live(now) && !bytes.Equal(s.Data, first.Data) {
				return object.Value{}, false, ErrConflict
			}
		}
	}
	newest := &o.Siblings[0]
	for i := range o.Siblings {
		if o.Siblings[i].After(newest) {
			newest = &o.Siblings[i]
		}
	}
	return newest.Value, newest.Live(now), nil
}

package engine

import (
	"github.com/quorate/quorate/cluster/core/causal"

	"github.com/quorate/quorate/cluster/core/object"
)

// fate is what time does to an object: nothing, or it expires, or it is dead
// since some time. It is a pure function of the object, so that the index entry
// of an object can be found from the object alone.
type fate struct {
	kind fateKind
	at   int64 // unix ms
}

type fateKind uint8

const (
	absent  fateKind = iota
	lasting          // some value never expires
	expires          // no value is left from then on
	dead             // tombstones only, the newest from then
)

func fateOf(o *object.Object) fate {
	values := false
	var expiry int64
	var newest causal.Timestamp
	for i := range o.Siblings {
		s := &o.Siblings[i]
		newest = max(newest, s.Time)
		if s.Tombstone {
			continue
		}
		if s.Expiry == 0 {
			return fate{kind: lasting}
		}
		values = true
		expiry = max(expiry, s.Expiry)
	}
	switch {
	case values:
		return fate{kind: expires, at: max(expiry, 0)}
	case len(o.Siblings) == 0:
		newest = o.Clock.Latest()
	}
	return fate{kind: dead, at: newest.UnixMilli()}
}

// standing is an object's place in the books: its fate, and whether it is
// counted as live. An object that expires is counted, and has its entry in the
// expiry index, until the sweep moves the entry to the index of the dead.
type standing struct {
	fate
	counted bool
}

func standingOf(f fate) standing {
	return standing{fate: f, counted: f.kind == lasting || f.kind == expires}
}

// index is the prefix of the index that holds an entry for the object, or 0.
func (st standing) index() byte {
	switch {
	case st.kind == expires && st.counted:
		return prefixExpiry
	case st.kind == expires || st.kind == dead:
		return prefixGrave
	}
	return 0
}

func (st standing) live() int8 {
	if st.counted {
		return 1
	}
	return 0
}

func (st standing) total() int8 {
	if st.kind != absent {
		return 1
	}
	return 0
}

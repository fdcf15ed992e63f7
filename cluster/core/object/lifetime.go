package object

import "github.com/quorate/quorate/cluster/core/causal"

// Lifetime says whether an object has a value, and until when or since when. It follows
// from the object alone, so that an index by time can find an object's entry from the
// object.
type Lifetime struct {
	Kind LifetimeKind
	At   int64 // unix ms; 0 where the kind has no time
}

// LifetimeKind tells the kinds of lifetimes apart.
type LifetimeKind uint8

const (
	// NoObject is the lifetime where no object is stored.
	NoObject LifetimeKind = iota
	// Lasting means that some value never expires.
	Lasting
	// Expiring means that the last value expires at At.
	Expiring
	// Dead means that no value is left. At is the time of the newest tombstone, or of the
	// newest event in the clock if there is no tombstone either.
	Dead
)

// Lifetime returns the object's lifetime.
func (o *Object) Lifetime() Lifetime {
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
			return Lifetime{Kind: Lasting}
		}
		values = true
		expiry = max(expiry, s.Expiry)
	}
	switch {
	case values:
		return Lifetime{Kind: Expiring, At: max(expiry, 0)}
	case len(o.Siblings) == 0:
		newest = o.Clock.Latest()
	}
	return Lifetime{Kind: Dead, At: newest.UnixMilli()}
}

package object

// Lifetime says whether an object has a value, and until when or since when. It follows
// from the object alone, so that an index by time can find an object's entry from the
// object.
type Lifetime struct {
	Kind LifetimeKind
	At   int64 // unix ms; 0 where the kind has no time
	// Hidden is set where a value is left though the newest sibling is a tombstone or a
	// stripped value: the key does not exist, and the value is there for a client with a
	// context.
	Hidden bool
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
	// Dead means that no value is left: there are only tombstones and stripped values. At is
	// the time of the newest tombstone or the latest expiry, or the time of the newest event
	// in the clock if there is no sibling.
	Dead
)

// Lifetime returns the object's lifetime.
func (o *Object) Lifetime() Lifetime {
	newest := o.Newest()
	if newest == nil {
		return Lifetime{Kind: Dead, At: o.Clock.Latest().UnixMilli()}
	}
	values, hidden := false, newest.Tombstone || newest.Stripped
	expiry, since := int64(0), newest.Time.UnixMilli()
	for i := range o.Siblings {
		s := &o.Siblings[i]
		switch {
		case s.Tombstone:
		case s.Stripped:
			since = max(since, s.Expiry)
		case s.Expiry == 0:
			return Lifetime{Kind: Lasting, Hidden: hidden}
		default:
			values, expiry = true, max(expiry, s.Expiry)
		}
	}
	if values {
		return Lifetime{Kind: Expiring, At: max(expiry, 0), Hidden: hidden}
	}
	return Lifetime{Kind: Dead, At: since}
}

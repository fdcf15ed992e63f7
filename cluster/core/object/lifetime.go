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
	if len(o.Sums) > 0 {
		shown := Counted(o)
		return shown.Lifetime()
	}
	newest := o.Newest()
	if newest == nil && len(o.Elements)+o.Rest.Names == 0 {
		return Lifetime{Kind: Dead, At: o.Clock.Latest().UnixMilli()}
	}
	end := ending{}
	if len(o.Elements)+o.Rest.Names > 0 {
		if end = endingOf(o); end.never {
			return Lifetime{Kind: Lasting}
		}
	}
	hidden := false
	if newest != nil {
		hidden = !end.values && (newest.Tombstone || newest.Stripped)
		end.since = max(end.since, newest.Time.UnixMilli())
	}
	for i := range o.Siblings {
		s := &o.Siblings[i]
		switch {
		case s.Tombstone:
		case s.Stripped:
			end.since = max(end.since, s.Expiry)
		case s.Expiry == 0:
			return Lifetime{Kind: Lasting, Hidden: hidden}
		default:
			end.values, end.at = true, max(end.at, s.Expiry)
		}
	}
	if end.values {
		return Lifetime{Kind: Expiring, At: max(end.at, 0), Hidden: hidden}
	}
	return Lifetime{Kind: Dead, At: end.since}
}

// ending says when the last of some values expires, or since when none is left.
type ending struct {
	never     bool // one of them never expires
	values    bool // there are some
	at, since int64
}

// ending returns the ending of the elements.
func (es Elements) ending() (end ending) {
	reader := es.At(0)
	for i := range es {
		e := &es[i]
		if e.Kind == KeyExpiry {
			end.since = max(end.since, e.Time.UnixMilli())
			continue
		}
		at := reader.end(e)
		switch {
		case e.Stripped:
			end.since = max(end.since, at)
		case at == 0:
			return ending{never: true, values: true}
		default:
			end.values, end.at = true, max(end.at, at)
		}
	}
	return end
}

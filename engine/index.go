package engine

import "github.com/quorate/quorate/cluster/core/object"

// indexState is an object's place in the indexes by time: its lifetime, and whether it is
// counted as live. An object that expires is counted, and has its entry in the expiry
// index, until the sweep moves the entry to the index of expired objects. A hidden object
// is not counted; if it expires, its entry is in the index of expired objects from the
// start. From there the sweep takes it when it strips the object, which is dead then.
type indexState struct {
	object.Lifetime
	counted bool
}

// indexStateOf returns the state of an object that the sweep has not visited.
func indexStateOf(l object.Lifetime) indexState {
	return indexState{Lifetime: l, counted: !l.Hidden && (l.Kind == object.Lasting || l.Kind == object.Expiring)}
}

// index returns the prefix of the index that holds an entry for the object, or 0.
func (st indexState) index() byte {
	switch {
	case st.Kind == object.Expiring && st.counted:
		return prefixExpiry
	case st.Kind == object.Expiring:
		return prefixExpired
	case st.Kind == object.Dead:
		return prefixDead
	}
	return 0
}

// place returns the prefix of the place where the object lies, or 0 if there is none.
func (st indexState) place() byte {
	switch st.Kind {
	case object.NoObject:
		return 0
	case object.Dead:
		return prefixGrave
	}
	return prefixObject
}

// dead returns what the object adds to the count of dead objects.
func (st indexState) dead() int8 {
	if st.Kind == object.Dead {
		return 1
	}
	return 0
}

// live returns what the object adds to the count of live keys.
func (st indexState) live() int8 {
	if st.counted {
		return 1
	}
	return 0
}

// valued returns what the object adds to the count of objects with a value.
func (st indexState) valued() int8 {
	if st.counted || st.Hidden {
		return 1
	}
	return 0
}

// expiring returns what the object adds to the count of live keys that expire.
func (st indexState) expiring() int8 {
	if st.counted && st.Kind == object.Expiring {
		return 1
	}
	return 0
}

// lastSecond bounds what one key adds to the sum of expiries, so that the sum of any
// number of keys is far from an overflow: the year 2242.
const lastSecond = 1 << 33

// expirySum returns what the object adds to the sum of the expiries of live keys, in unix
// seconds.
func (st indexState) expirySum() int64 {
	if st.expiring() == 0 {
		return 0
	}
	return min(max(st.At/1000, 0), lastSecond)
}

// total returns what the object adds to the count of all keys.
func (st indexState) total() int8 {
	if st.Kind != object.NoObject {
		return 1
	}
	return 0
}

package causal

// Order is the relation of two vectors.
type Order int

// The four relations of two vectors.
const (
	Equal      Order = iota
	Before           // the second covers the first
	After            // the first covers the second
	Concurrent       // each has an event that the other has not
)

// Compare returns the relation of a to b. It ignores times.
func Compare(a, b Vector) Order {
	less, more := false, false // a lacks something, a has something more
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch c := a[i].Actor.Compare(b[j].Actor); {
		case c < 0:
			more = true
			i++
		case c > 0:
			less = true
			j++
		default:
			more = more || a[i].Counter > b[j].Counter
			less = less || a[i].Counter < b[j].Counter
			i++
			j++
		}
	}
	more = more || i < len(a)
	less = less || j < len(b)
	switch {
	case less && more:
		return Concurrent
	case less:
		return Before
	case more:
		return After
	}
	return Equal
}

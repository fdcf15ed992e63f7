package number

// Range holds the least and the greatest value that a setting may have.
type Range[T ~int | ~int64] struct{ Least, Most T }

// Holds reports whether v is within r.
func (r Range[T]) Holds(v T) bool { return r.Least <= v && v <= r.Most }

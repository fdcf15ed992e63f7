package object

import "slices"

// Selection says which elements of a collection are looked at. The zero Selection has none.
type Selection struct {
	Names []Name // in any order, and they may repeat
}

// Empty reports whether s selects no elements.
func (s Selection) Empty() bool { return len(s.Names) == 0 }

// And returns the selection of what s or t selects. It may share memory with both.
func (s Selection) And(t Selection) Selection {
	s.Names = append(s.Names, t.Names...)
	return s
}

// OfKind reports whether all that s selects is of a kind, but for the expiry of the key.
func (s Selection) OfKind(kind Kind) bool {
	return !slices.ContainsFunc(s.Names, func(n Name) bool { return n.Kind != kind && n.Kind != KeyExpiry })
}

// SortedNames sorts the names of s, and returns them, each once.
func (s Selection) SortedNames() []Name {
	slices.SortFunc(s.Names, Name.Compare)
	return slices.CompactFunc(s.Names, func(a, b Name) bool { return a.Compare(b) == 0 })
}

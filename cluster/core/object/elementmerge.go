package object

// surviveElements reports whether a merge of a and b keeps exactly a's elements, and whether
// it keeps exactly b's.
func surviveElements(a, b *Object) (areA, areB bool) {
	areA, areB = true, true
	x, y := a.Elements, b.Elements
	for (len(x) > 0 || len(y) > 0) && (areA || areB) {
		switch c := nextElement(x, y); {
		case c < 0:
			if b.knows(x[0].Dot) {
				areA = false
			} else {
				areB = false
			}
			x = x[1:]
		case c > 0:
			if a.knows(y[0].Dot) {
				areB = false
			} else {
				areA = false
			}
			y = y[1:]
		default:
			c := x[0].compare(&y[0])
			areA, areB = areA && c >= 0, areB && c <= 0
			x, y = x[1:], y[1:]
		}
	}
	return areA, areB
}

// mergedElements returns the elements that a merge of a and b keeps.
func mergedElements(a, b *Object) Elements {
	x, y := a.Elements, b.Elements
	if len(x) == 0 && len(y) == 0 {
		return nil
	}
	kept := make(Elements, 0, max(len(x), len(y))+1)
	for len(x) > 0 || len(y) > 0 {
		switch c := nextElement(x, y); {
		case c < 0:
			if !b.knows(x[0].Dot) {
				kept = append(kept, x[0])
			}
			x = x[1:]
		case c > 0:
			if !a.knows(y[0].Dot) {
				kept = append(kept, y[0])
			}
			y = y[1:]
		default:
			if x[0].compare(&y[0]) >= 0 {
				kept = append(kept, x[0])
			} else {
				kept = append(kept, y[0])
			}
			x, y = x[1:], y[1:]
		}
	}
	return kept
}

// nextElement compares the first elements of two lists, which are not both empty: the
// result is negative if the first list has the next one, positive if the second has it, and
// 0 if both have it.
func nextElement(a, b Elements) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return a[0].order(&b[0])
}

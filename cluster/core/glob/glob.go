package glob

// Pattern is a glob as in Redis.
type Pattern []byte

// Match reports whether subject matches the pattern: * ? [abc] [^a] [a-c],
// and \ before a byte that stands for itself. An unclosed class runs to the end of
// the pattern. It takes at most len(pattern) * len(subject) steps.
func (pattern Pattern) Match(subject []byte) bool {
	// star is the last star met, and resume the end of the part of the subject that
	// it matches. If the rest does not match, the star takes one byte more. Only the
	// last star ever has to.
	star, resume := -1, 0
	p, i := 0, 0
	for i < len(subject) {
		if p < len(pattern) && pattern[p] == '*' {
			star, resume = p, i
			p++
			continue
		}
		if p < len(pattern) {
			if width, ok := one(pattern[p:], subject[i]); ok {
				p += width
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume++
		p, i = star+1, resume
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// one matches one byte against the first element of a pattern, which is not
// a star, and returns the element's length.
func one(pattern []byte, c byte) (width int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		return class(pattern, c)
	case '\\':
		if len(pattern) > 1 {
			return 2, pattern[1] == c
		}
	}
	return 1, pattern[0] == c
}

func class(pattern []byte, c byte) (width int, ok bool) {
	at := 1
	inverted := at < len(pattern) && pattern[at] == '^'
	if inverted {
		at++
	}
	found := false
	for {
		switch {
		case at >= len(pattern):
			return len(pattern), found != inverted
		case pattern[at] == '\\' && at+1 < len(pattern):
			at++
			found = found || pattern[at] == c
		case pattern[at] == ']':
			return at + 1, found != inverted
		case at+2 < len(pattern) && pattern[at+1] == '-':
			low, high := pattern[at], pattern[at+2]
			found = found || c >= min(low, high) && c <= max(low, high)
			at += 2
		default:
			found = found || pattern[at] == c
		}
		at++
	}
}

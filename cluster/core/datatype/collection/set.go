package collection

// addMembers serves SADD. The answer's number is how many members are new. One that is there
// is written again: a removal elsewhere that has not seen this write does not take it.
func (c *Command) addMembers(v View, set *changes, out *Outcome) {
	for _, member := range c.Args {
		exists := v.Find(member) != nil
		if _, before := set.of(member); !exists && !before {
			out.Number++
		}
	}
}

// popMembers serves SPOP: it removes some members, drawn at random, and answers with them.
func (c *Command) popMembers(v View, set *changes, out *Outcome) {
	left, draw := append(View(nil), v...), c.Seed
	for n := min(c.Number, int64(len(v))); n > 0; n-- {
		draw = draw*6364136223846793005 + 1442695040888963407 // Knuth's linear congruential generator, MMIX
		at, last := int(draw>>32%uint64(len(left))), len(left)-1
		member := left[at].Name
		left[at], left = left[last], left[:last]
		out.Values = append(out.Values, member)
		change, _ := set.of(member)
		change.Remove = true
	}
}

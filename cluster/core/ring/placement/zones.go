package placement

// ZoneRounds says how n primaries are drawn from zones of the given sizes, which sum
// to n or more. Each zone gives one node per round while it has any. In the last
// round only the first extras zones give one.
func ZoneRounds(sizes []int, n int) (rounds, extras int) {
	for extras = n; ; {
		rounds++
		giving := 0
		for _, size := range sizes {
			if size >= rounds {
				giving++
			}
		}
		if giving >= extras {
			return rounds, extras
		}
		extras -= giving
	}
}

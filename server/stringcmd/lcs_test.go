package stringcmd

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// plainRanges is the algorithm as Redis has it, over a table of lengths.
func plainRanges(a, b []byte) (ranges []lcsRange, length int) {
	lengths := make([][]int, len(a)+1)
	for i := range lengths {
		lengths[i] = make([]int, len(b)+1)
		for j := range lengths[i] {
			switch {
			case i == 0 || j == 0:
			case a[i-1] == b[j-1]:
				lengths[i][j] = lengths[i-1][j-1] + 1
			default:
				lengths[i][j] = max(lengths[i-1][j], lengths[i][j-1])
			}
		}
	}
	open := false
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			if !open {
				ranges = append(ranges, lcsRange{})
			}
			i, j, open = i-1, j-1, true
			last := &ranges[len(ranges)-1]
			*last = lcsRange{a: i, b: j, length: last.length + 1}
		case lengths[i-1][j] > lengths[i][j-1]:
			i, open = i-1, false
		default:
			j, open = j-1, false
		}
	}
	return ranges, lengths[len(a)][len(b)]
}

func TestLCSTable_RandomValues_AgreesWithThePlainAlgorithm(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	text := func() []byte {
		s := make([]byte, random.IntN(40))
		for i := range s {
			s[i] = 'a' + byte(random.IntN(3))
		}
		return s
	}
	for range 2000 {
		a, b := text(), text()
		table := newLCSTable(a, b)
		ranges, length := plainRanges(a, b)
		if int(table.length) != length || !slices.Equal(table.ranges(), ranges) || len(table.common()) != length {
			t.Fatalf("%q and %q: length %d, ranges %v; want %d, %v", a, b, table.length, table.ranges(), length, ranges)
		}
	}
}

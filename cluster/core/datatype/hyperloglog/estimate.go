package hyperloglog

import "math"

// Estimate returns about how many distinct elements the registers have observed. It is
// algorithm 6 of Ertl's paper (section 4.3). Full registers give the
// greatest number.
func (r *Registers) Estimate() int64 {
	var counts [greatest + 1]int // of the registers with each value
	for _, rank := range r {
		counts[rank]++
	}
	const m = float64(registers)
	z := m * tau((m-float64(counts[greatest]))/m)
	for rank := greatest - 1; rank >= 1; rank-- {
		z = (z + float64(counts[rank])) / 2
	}
	z += m * sigma(float64(counts[0])/m)
	const bias = 0.5 / math.Ln2 // of infinitely many registers
	estimate := math.Round(bias * m * m / z)
	if estimate >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(estimate)
}

// sigma corrects for registers that are empty. x is their share.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	power, sum := 1.0, x
	for {
		x *= x
		before := sum
		sum += x * power
		power += power
		if sum == before {
			return sum
		}
	}
}

// tau corrects for registers that are full. x is the share of those that are not.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	power, sum := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := sum
		power /= 2
		sum -= (1 - x) * (1 - x) * power
		if sum == before {
			return sum / 3
		}
	}
}

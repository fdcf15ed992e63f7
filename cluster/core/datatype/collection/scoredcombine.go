package collection

import (
	"cmp"
	"math"
	"slices"
)

// Aggregate says how the scores of a member in several sorted sets become one.
type Aggregate uint8

// The aggregates.
const (
	Sum Aggregate = iota
	Least
	Greatest
)

// of returns the aggregate of two scores. As in Redis, inf and -inf have the sum 0.
func (a Aggregate) of(x, y float64) float64 {
	switch {
	case a == Sum && math.IsNaN(x+y):
		return 0
	case a == Sum:
		return x + y
	case a == Least && y < x, a == Greatest && y > x:
		return y
	}
	return x
}

// Input is a sorted set that is combined with others, and what its scores are multiplied by.
type Input struct {
	Ranking
	Weight float64
}

// score returns the weighted score of a member. As in Redis, 0 times inf is 0. There is no -0.
func (in *Input) score(s Scored) float64 {
	if weighted := s.Score * in.Weight; weighted != 0 && !math.IsNaN(weighted) {
		return weighted
	}
	return 0
}

// Combination is the members of a union, an intersection or a difference.
type Combination func(inputs []Input, how Aggregate) Ranking

// Union returns the members of all inputs. As in Redis, scores are added in the order of the
// sizes of their inputs, which decides how sums are rounded.
func Union(inputs []Input, how Aggregate) Ranking {
	scores := make(map[string]float64)
	for _, in := range bySize(inputs) {
		for _, s := range in.Ranking {
			score := in.score(s)
			if old, ok := scores[string(s.Member)]; ok {
				score = how.of(old, score)
			}
			scores[string(s.Member)] = score
		}
	}
	return ranked(scores)
}

// Intersection returns the members that every input has. Scores are added as by [Union].
func Intersection(inputs []Input, how Aggregate) Ranking {
	var scores map[string]float64
	for i, in := range bySize(inputs) {
		next := make(map[string]float64)
		for _, s := range in.Ranking {
			score := in.score(s)
			if i > 0 {
				old, ok := scores[string(s.Member)]
				if !ok {
					continue
				}
				score = how.of(old, score)
			}
			next[string(s.Member)] = score
		}
		scores = next
	}
	return ranked(scores)
}

// Difference returns the members of the first input that no other has, with their scores. It
// uses neither the weights nor the aggregate.
func Difference(inputs []Input, _ Aggregate) Ranking {
	scores := make(map[string]float64)
	for i, in := range inputs {
		for _, s := range in.Ranking {
			if i == 0 {
				scores[string(s.Member)] = s.Score
			} else {
				delete(scores, string(s.Member))
			}
		}
	}
	return ranked(scores)
}

// bySize returns the inputs, the one with the fewest members first.
func bySize(inputs []Input) []Input {
	inputs = slices.Clone(inputs)
	slices.SortStableFunc(inputs, func(a, b Input) int { return cmp.Compare(len(a.Ranking), len(b.Ranking)) })
	return inputs
}

// ranked returns the members of a map in their order.
func ranked(scores map[string]float64) Ranking {
	r := make(Ranking, 0, len(scores))
	for member, score := range scores {
		r = append(r, Scored{Member: []byte(member), Score: score})
	}
	r.sort()
	return r
}

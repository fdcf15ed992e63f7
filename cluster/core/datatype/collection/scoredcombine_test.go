package collection

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCombination_DoesWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		how := rapid.SampledFrom([]Aggregate{Sum, Least, Greatest}).Draw(t, "aggregate")
		var inputs []Input
		var models []scoreModel
		for range rapid.IntRange(1, 4).Draw(t, "inputs") {
			m := anyModel(t, "input")
			models = append(models, m)
			inputs = append(inputs, Input{Ranking: RankingOf(m.view()), Weight: rapid.SampledFrom([]float64{0, 1, -2, math.Inf(1)}).Draw(t, "weight")})
		}
		weighted := func(at int, name string) float64 {
			if score := models[at][name] * inputs[at].Weight; !math.IsNaN(score) {
				return score
			}
			return 0
		}
		union, intersection, difference := scoreModel{}, scoreModel{}, scoreModel{}
		for _, name := range []string{"", "a", "b", "bb", "c"} {
			var in []int
			for at := range models {
				if _, there := models[at][name]; there {
					in = append(in, at)
				}
			}
			if len(in) == 1 && in[0] == 0 {
				difference[name] = models[0][name]
			}
			slices.SortStableFunc(in, func(a, b int) int { return len(models[a]) - len(models[b]) })
			for i, at := range in {
				score := weighted(at, name)
				switch old := union[name]; {
				case i == 0:
				case how == Sum:
					if score += old; math.IsNaN(score) {
						score = 0
					}
				case how == Least:
					score = min(old, score)
				default:
					score = max(old, score)
				}
				union[name] = score
			}
			if len(in) == len(models) {
				intersection[name] = union[name]
			}
		}
		for _, c := range []struct {
			name    string
			combine Combination
			want    scoreModel
		}{{"union", Union, union}, {"intersection", Intersection, intersection}, {"difference", Difference, difference}} {
			got := c.combine(inputs, how)
			if want := RankingOf(c.want.view()); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("the %s of %v is %v, want %v", c.name, models, got, want)
			}
		}
	})
}

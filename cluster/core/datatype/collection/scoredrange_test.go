package collection

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/wire"
)

// anyRange draws a range, and the rule of the members that it chooses.
func anyRange(t *rapid.T, names []string, m scoreModel) (r Range, chooses func(at int) bool) {
	switch rapid.IntRange(0, 2).Draw(t, "kind of range") {
	case 0:
		n := int64(len(names))
		bound := rapid.OneOf(rapid.Int64Range(-7, 7), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		s := Ranks{Start: bound.Draw(t, "start"), Stop: bound.Draw(t, "stop"), FromHighest: rapid.Bool().Draw(t, "highest")}
		return s, func(at int) bool {
			rank := int64(at)
			if s.FromHighest {
				rank = n - 1 - rank
			}
			above := s.Start <= rank && s.Start >= 0 || s.Start < 0 && s.Start <= rank-n
			below := s.Stop >= rank || s.Stop < 0 && s.Stop >= rank-n
			return above && below
		}
	case 1:
		s := Scores{Min: ScoreBound{anyScore.Draw(t, "min"), rapid.Bool().Draw(t, "open")}, Max: ScoreBound{anyScore.Draw(t, "max"), rapid.Bool().Draw(t, "open")}}
		return s, func(at int) bool {
			score := m[names[at]]
			return (s.Min.Score < score || s.Min.Score == score && !s.Min.Open) && (score < s.Max.Score || score == s.Max.Score && !s.Max.Open)
		}
	}
	for name := range m {
		m[name] = 7 // ranges of names are for members of one score
	}
	slices.Sort(names)
	bound := func(label string) (b NameBound) {
		b.Place, b.Open = rapid.SampledFrom([]Place{AtName, BeforeAll, AfterAll}).Draw(t, label), rapid.Bool().Draw(t, "open")
		if b.Place == AtName {
			b.Name = []byte(anyName.Draw(t, "name"))
		}
		return b
	}
	s := Names{Min: bound("min"), Max: bound("max")}
	return s, func(at int) bool {
		above := s.Min.Place == BeforeAll || s.Min.Place == AtName && (string(s.Min.Name) < names[at] || string(s.Min.Name) == names[at] && !s.Min.Open)
		below := s.Max.Place == AfterAll || s.Max.Place == AtName && (names[at] < string(s.Max.Name) || names[at] == string(s.Max.Name) && !s.Max.Open)
		return above && below
	}
}

func TestRange_ChoosesWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t, "before")
		names := m.names()
		r, chooses := anyRange(t, names, m)
		var want []string
		for at, name := range names {
			if chooses(at) {
				want = append(want, name)
			}
		}
		v := m.view()
		if got := namesOf(r.Of(RankingOf(v))); !slices.Equal(got, want) {
			t.Fatalf("%+v of %v chooses %q, want %q", r, m, got, want)
		}
		c := Command{Op: ScoredCut, Args: [][]byte{AppendRange(nil, r)}}
		decoded, err := Decode(c.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		out := decoded.Apply(v)
		m.take(out)
		if left := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(want, name) }); out.Number != int64(len(want)) || !slices.Equal(m.names(), left) {
			t.Fatalf("removed %d of %q, which leaves %q, want %q", out.Number, names, m.names(), left)
		}
	})
}

func TestRanking_RankOf_IsThePlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t, "set")
		name := anyName.Draw(t, "name")
		if got, want := RankingOf(m.view()).RankOf([]byte(name)), slices.Index(m.names(), name); got != want {
			t.Fatalf("rank %d, want %d", got, want)
		}
	})
}

func FuzzDecodeRange(f *testing.F) {
	for _, r := range []Range{Ranks{Start: -3, Stop: 1 << 40, FromHighest: true}, Scores{Min: ScoreBound{Score: 1.5, Open: true}}, Names{Min: NameBound{Name: []byte("a")}, Max: NameBound{Place: AfterAll}}} {
		f.Add(AppendRange(nil, r))
	}
	v := scoreModel{"": 0, "a": 1, "b": math.Inf(1)}.view()
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRange(b)
		if err != nil {
			if !errors.Is(err, wire.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if again := AppendRange(nil, r); string(again) != string(b) {
			t.Fatalf("% x is written as % x", b, again)
		}
		r.Of(RankingOf(v))
	})
}

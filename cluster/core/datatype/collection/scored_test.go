package collection

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// scoreModel is a naive sorted set.
type scoreModel map[string]float64

func (m scoreModel) view() View {
	var v View
	for name, score := range m {
		v = append(v, &object.Element{Kind: object.Scored, Name: []byte(name), Data: object.AppendScore(nil, score)})
	}
	slices.SortFunc(v, func(a, b *object.Element) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return v
}

// take applies an outcome.
func (m scoreModel) take(out Outcome) {
	if out.All {
		clear(m)
	}
	for _, c := range out.Changes {
		if c.Remove {
			delete(m, string(c.Name))
			continue
		}
		m[string(c.Name)], _ = object.ReadScore(c.Data)
	}
}

// names returns the members by score and name.
func (m scoreModel) names() (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if m[a] != m[b] {
			if m[a] < m[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return names
}

func namesOf(r Ranking) (names []string) {
	for _, s := range r {
		names = append(names, string(s.Member))
	}
	return names
}

var (
	anyName  = rapid.SampledFrom([]string{"", "a", "b", "bb", "c"})
	anyScore = rapid.SampledFrom([]float64{0, 1, 1.5, -2, math.Inf(1), math.Inf(-1)})
)

func anyModel(t *rapid.T, label string) scoreModel {
	return scoreModel(rapid.MapOf(anyName, anyScore).Draw(t, label))
}

func scoresAnd(names []string, score func(int) float64) (args [][]byte) {
	for i, name := range names {
		args = append(args, []byte(name), object.AppendScore(nil, score(i)))
	}
	return args
}

// drawScores makes the arguments of a command on sorted sets what its op takes.
func drawScores(t *rapid.T, c *Command) {
	switch c.Op {
	case ScoredAdd, ScoredStore:
		for i := 1; i < len(c.Args); i += 2 {
			c.Args[i] = object.AppendScore(nil, anyScore.Draw(t, "score"))
		}
		if len(c.Args) != 2 {
			c.Flags &^= Increment
		}
	case ScoredCut:
		r, _ := anyRange(t, nil, nil)
		c.Args[0] = AppendRange(nil, r)
	}
}

func TestScoredAdd_EveryFlag_DoesWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t, "before")
		names := rapid.SliceOfN(anyName, 1, 4).Draw(t, "names")
		scores := rapid.SliceOfN(anyScore, len(names), len(names)).Draw(t, "scores")
		c := Command{Op: ScoredAdd, Args: scoresAnd(names, func(i int) float64 { return scores[i] })}
		for _, f := range []Flags{IfAbsent, IfMember, IfGreater, IfLess, CountChanged} {
			if rapid.Bool().Draw(t, "flag") {
				c.Flags |= f
			}
		}
		want := scoreModel{}
		for name, score := range m {
			want[name] = score
		}
		added, changed := int64(0), int64(0)
		for i, name := range names {
			old, there := want[name]
			switch {
			case there && c.Flags&IfAbsent != 0, !there && c.Flags&IfMember != 0:
			case there && c.Flags&IfGreater != 0 && !(scores[i] > old), there && c.Flags&IfLess != 0 && !(scores[i] < old):
			case !there:
				added++
				want[name] = scores[i]
			default:
				if old != scores[i] {
					changed++
				}
				want[name] = scores[i]
			}
		}
		if c.Flags&CountChanged != 0 {
			added += changed
		}
		out := c.Apply(m.view())
		m.take(out)
		if fmt.Sprint(m) != fmt.Sprint(want) || out.Number != added || out.None {
			t.Fatalf("%v, answer %+v, want %v, %d", m, out.Answer, want, added)
		}
	})
}

func TestScoredAdd_Increment(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name    string
		old     scoreModel
		flags   Flags
		by      float64
		want    float64
		none    bool
		failure Failure
	}{
		{"a member", scoreModel{"m": 2}, 0, 1.5, 3.5, false, None},
		{"a new member", scoreModel{"n": 2}, 0, 1.5, 1.5, false, None},
		{"by nothing", scoreModel{"m": 2}, 0, 0, 2, false, None},
		{"only if absent", scoreModel{"m": 2}, IfAbsent, 1, 0, true, None},
		{"only a member", scoreModel{}, IfMember, 1, 0, true, None},
		{"only if greater", scoreModel{"m": 2}, IfGreater, -1, 0, true, None},
		{"only if less", scoreModel{"m": 2}, IfLess, -1, 1, false, None},
		{"only if greater, by nothing", scoreModel{"m": 2}, IfGreater, 0, 0, true, None},
		{"only if less, by nothing", scoreModel{"m": 2}, IfLess, 0, 0, true, None},
		{"to NaN", scoreModel{"m": inf}, 0, -inf, 0, false, NaN},
	} {
		command := Command{Op: ScoredAdd, Flags: c.flags | Increment, Args: scoresAnd([]string{"m"}, func(int) float64 { return c.by })}
		out := command.Apply(c.old.view())
		if out.Failure != c.failure || out.None != c.none || out.Write != (c.failure == None && !c.none) {
			t.Errorf("%s: %+v", c.name, out)
			continue
		}
		if !out.Write {
			continue
		}
		if got, ok := object.ReadScore(out.Values[0]); !ok || got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestScoredPop_TakesFromAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t, "before")
		names := m.names()
		c := Command{Op: ScoredPop, Number: rapid.Int64Range(-1, 6).Draw(t, "count")}
		if rapid.Bool().Draw(t, "highest") {
			c.Flags = FromHighest
			slices.Reverse(names)
		}
		n := min(max(int(c.Number), 0), len(names))
		out := c.Apply(m.view())
		var got []string
		for i := 0; i < len(out.Values); i += 2 {
			name := string(out.Values[i])
			if score, ok := object.ReadScore(out.Values[i+1]); !ok || score != m[name] {
				t.Fatalf("%q has the score %v, want %v", name, score, m[name])
			}
			got = append(got, name)
		}
		if !slices.Equal(got, names[:n]) || out.Write != (n > 0) {
			t.Fatalf("took %q, want %q; %+v", got, names[:n], out)
		}
		m.take(out)
		if len(m) != len(names)-n {
			t.Fatalf("left %v", m)
		}
	})
}

func TestScoredPop_MoreBytesThanAllowed_TakesNothing(t *testing.T) {
	m := scoreModel{"one": 1, "two": 2}
	c := Command{Op: ScoredPop, Number: 2, Limit: 2*(3+object.ScoreLen) - 1}
	if out := c.Apply(m.view()); out.Failure != TooLong || out.Write {
		t.Errorf("%+v", out)
	}
	c.Limit++
	if out := c.Apply(m.view()); len(out.Values) != 4 || !out.Write {
		t.Errorf("%+v", out)
	}
}

func TestScoredStore_ReplacesAll(t *testing.T) {
	m := scoreModel{"a": 1, "b": 2}
	c := Command{Op: ScoredStore, Number: 99, Args: scoresAnd([]string{"b", "c"}, func(int) float64 { return 5 })}
	out := c.Apply(m.view())
	last := out.Changes[len(out.Changes)-1]
	if out.Number != 2 || last.Kind != object.KeyExpiry || last.Expiry != 99 {
		t.Fatalf("%+v", out)
	}
	out.Changes = out.Changes[:2]
	if m.take(out); fmt.Sprint(m) != "map[b:5 c:5]" {
		t.Error(m)
	}
	if empty := (&Command{Op: ScoredStore}).Apply(m.view()); !empty.Write || !empty.All || len(empty.Changes) > 0 {
		t.Errorf("%+v, want a deletion", empty)
	}
}

// Of scores that were written at once on both sides of a split, the newest shows.
func TestViewOf_ConcurrentScores_ShowsTheNewest(t *testing.T) {
	edit := func(node causal.NodeID, time causal.Timestamp, score float64) object.Object {
		var o object.Object
		change := object.Change{Kind: object.Scored, Name: []byte("m"), Data: object.AppendScore(nil, score)}
		o.BecomeEdited(object.Object{}, &object.Edit{Dot: causal.Dot{Actor: causal.Actor{Node: node, Epoch: 1}, Counter: 1}, Time: time, Changes: []object.Change{change}})
		return o
	}
	o, _ := object.Merge(edit(1, 20, 5), edit(2, 10, 9))
	if r := RankingOf(ViewOf(&o, object.Scored, 0)); len(r) != 1 || r[0].Score != 5 {
		t.Errorf("%v, want the score 5", r)
	}
}

func TestDecode_UnsoundScores_AreRefused(t *testing.T) {
	one := object.AppendScore(nil, 1)
	for _, c := range []Command{
		{Op: ScoredAdd}, {Op: ScoredAdd, Args: [][]byte{one}}, {Op: ScoredAdd, Args: [][]byte{nil, []byte("1")}},
		{Op: ScoredAdd, Flags: Increment, Args: [][]byte{nil, one, nil, one}}, {Op: ScoredStore, Args: [][]byte{nil, one, nil, nil}},
		{Op: ScoredRemove}, {Op: ScoredPop, Args: [][]byte{one}}, {Op: ScoredCut}, {Op: ScoredCut, Args: [][]byte{nil}},
		{Op: ScoredCut, Args: [][]byte{append(AppendRange(nil, Ranks{}), 0)}}, {Op: ScoredStore + 1},
	} {
		if _, err := Decode(c.Append(nil)); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzDecode_Scores(f *testing.F) {
	for _, c := range []Command{
		{Op: ScoredAdd, Flags: IfMember | CountChanged, Args: scoresAnd([]string{"a", "d"}, func(i int) float64 { return float64(i) })},
		{Op: ScoredAdd, Flags: Increment, Args: scoresAnd([]string{"a"}, func(int) float64 { return math.Inf(-1) })},
		{Op: ScoredRemove, Args: [][]byte{[]byte("a")}}, {Op: ScoredPop, Number: 2, Limit: 1 << 20, Flags: FromHighest},
		{Op: ScoredCut, Args: [][]byte{AppendRange(nil, Ranks{Stop: -2})}}, {Op: ScoredStore, Number: 7},
	} {
		f.Add(c.Append(nil))
	}
	v := scoreModel{"": 0, "a": 1, "b": math.Inf(1)}.view()
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Decode(b)
		if err != nil || c.Kind() != object.Scored {
			return
		}
		for _, change := range c.Apply(v).Changes {
			if _, ok := object.ReadScore(change.Data); !ok && !change.Remove && change.Kind == object.Scored {
				t.Fatalf("%+v writes the score % x", c, change.Data)
			}
		}
	})
}

func TestTexts_OfScoresAndEntries_CanBeRead(t *testing.T) {
	id := StreamID{5, 1}.Append(nil)
	for _, c := range []struct {
		kind             object.Kind
		name, data       string
		wantName, wanted string
	}{
		{object.Scored, "m", string(object.AppendScore(nil, 2.5)), "m", "2.5"},
		{object.Scored, "m", string(object.AppendScore(nil, math.Inf(-1))), "m", "-inf"},
		{object.Scored, "m", "", "m", ""},
		{object.Field, "f", "12345678", "f", "12345678"},
		{object.Entry, string(id), string(AppendFields(nil, args("f", "v", "g", "w"))), "5-1", "f v g w"},
		{object.Entry, string(id) + string(id) + "\x00\x00\x00\x00\x00\x00\x00\x03", "", "last id 5-1", "deleted up to 5-1, 3 gone"},
		{object.Entry, "short", "x", "short", "x"},
	} {
		if name, data := Texts(&object.Element{Kind: c.kind, Name: []byte(c.name), Data: []byte(c.data)}); string(name) != c.wantName || string(data) != c.wanted {
			t.Errorf("%q, %q: %q, %q, want %q, %q", c.name, c.data, name, data, c.wantName, c.wanted)
		}
	}
}

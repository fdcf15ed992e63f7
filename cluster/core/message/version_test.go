package message

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

func dotOf(node, counter int) causal.Dot {
	return causal.Dot{Actor: causal.Actor{Node: causal.NodeID(node), Epoch: 1}, Counter: causal.Counter(counter)}
}

func pastOf(dots ...causal.Dot) (past causal.Context) {
	for _, d := range dots {
		past.Vector = append(past.Vector, causal.Entry{Actor: d.Actor, Counter: d.Counter, Time: 1})
	}
	return past
}

func TestVersions_AnyVersions_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Version {
			v := Version{
				Dot: dotOf(rapid.IntRange(1, 9).Draw(t, "node"), rapid.IntRange(1, 99).Draw(t, "counter")), Past: pastOf(dotOf(1, 3), dotOf(2, 5)),
				Time: causal.Timestamp(rapid.Uint64().Draw(t, "time")), Expiry: rapid.Int64().Draw(t, "expiry"),
				Tombstone: rapid.Bool().Draw(t, "tombstone"), Data: rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "data"),
			}
			v.Length = len(v.Data) + rapid.IntRange(0, 1000).Draw(t, "cut")
			if rapid.Bool().Draw(t, "own") {
				v.Past = causal.ContextOf(v.Past.Vector, dotOf(3, 4))
			}
			return v
		}), 0, 5).Draw(t, "versions")
		got, err := DecodeVersions(Versions{List: want, Complete: true}.Append(nil))
		if err != nil || !got.Complete || len(got.List) != len(want) || len(want) > 0 && !reflect.DeepEqual(got.List, want) {
			t.Fatalf("%+v came back as %+v, %v", want, got, err)
		}
	})
}

func TestVersions_MangledBytes_AreRefused(t *testing.T) {
	whole := Versions{List: []Version{{Dot: dotOf(1, 1), Past: pastOf(dotOf(2, 2)), Data: []byte("value"), Length: 5}}}.Append(nil)
	for n := range whole {
		if _, err := DecodeVersions(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for versions", n, len(whole))
		}
	}
}

// A conflict and its resolution: 1 was followed by 2 and 3 at the same time, 4
// joins them.
func TestParents_ForkAndJoin_AreTheDirectOnes(t *testing.T) {
	a1, a2, b1, b2 := dotOf(1, 1), dotOf(1, 2), dotOf(2, 1), dotOf(2, 2)
	all := []Version{
		{Dot: a1},
		{Dot: a2, Past: pastOf(a1)},
		{Dot: b1, Past: pastOf(a1)},
		{Dot: b2, Past: pastOf(a2, b1)},
	}
	for i, want := range [][]int{nil, {0}, {0}, {1, 2}} {
		if got := Parents(&all[i], all); !slices.Equal(got, want) {
			t.Errorf("the parents of %v are %v, want %v", all[i].Dot, got, want)
		}
	}
}

func TestRemembered_FindsTheEventsThatAreNotThere(t *testing.T) {
	a1, a2, a3, b1 := dotOf(1, 1), dotOf(1, 2), dotOf(1, 3), dotOf(2, 1)
	for _, c := range []struct {
		name  string
		clock causal.Vector
		dots  []causal.Dot
		want  bool
	}{
		{"nothing was ever written", nil, nil, true},
		{"all", pastOf(a3, b1).Vector, []causal.Dot{a1, b1, a2, a3}, true},
		{"one that two coordinators carried out", pastOf(a2).Vector, []causal.Dot{a1, a2, a2}, true},
		{"the first is forgotten", pastOf(a3, b1).Vector, []causal.Dot{a2, a3, b1}, false},
		{"one between is forgotten", pastOf(a3).Vector, []causal.Dot{a1, a3}, false},
		{"the newest is forgotten, which only a read knows of", pastOf(a3).Vector, []causal.Dot{a1, a2}, false},
		{"all of one actor are forgotten", pastOf(a1, b1).Vector, []causal.Dot{a1}, false},
		{"a read found nothing, and versions are remembered", nil, []causal.Dot{a1, a2}, true},
		{"a read found nothing, and the first is forgotten", nil, []causal.Dot{a2}, false},
	} {
		var versions []Version
		for _, d := range c.dots {
			versions = append(versions, Version{Dot: d})
		}
		if got := Remembered(c.clock, versions); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if Remembered(nil, []Version{{Dot: a2, Past: pastOf(a1, b1)}}) {
		t.Error("a writer has seen events that are not there")
	}
}

func TestVersion_CounterBeyondTheGreatest_IsRefused(t *testing.T) {
	actor := causal.Actor{Node: 1, Epoch: 1}
	good := Version{Dot: causal.Dot{Actor: actor, Counter: causal.MaxCounter}}
	bad := Version{Dot: causal.Dot{Actor: actor, Counter: causal.MaxCounter + 1}}
	own := slices.Concat([]byte{versionOwn}, appendDot(nil, good.Dot), appendDot(nil, bad.Dot), good.Append(nil)[1+3*8:])
	for name, c := range map[string]struct {
		body []byte
		want bool
	}{"the greatest": {good.Append(nil), true}, "beyond it": {bad.Append(nil), false}, "of an older node": {own, false}} {
		r := wire.NewReader(c.body)
		if _ = ReadVersion(&r); (r.Done("version") == nil) != c.want {
			t.Errorf("%s: read: %v, want %v", name, r.Done("version") == nil, c.want)
		}
	}
}

package geocmd_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/geocmd"
	"github.com/quorate/quorate/server/zsetcmd"
)

// What each command answers is in server/testdata/wire, beside what Redis answers.

func play(t *testing.T, lines ...commandtest.Line) *commandtest.Conn {
	t.Helper()
	c := commandtest.New(t, nil, geocmd.Rows(), zsetcmd.Rows())
	c.Play(lines)
	return c
}

func TestCommands_AnyNumberOfPlaces_IsOneEvent(t *testing.T) {
	c := play(t)
	for i, line := range []string{
		"GEOADD k 1 1 a 2 2 b 3 3 c", "GEOADD k XX CH 1 2 a", "GEOSEARCHSTORE k k FROMMEMBER a BYRADIUS 200 km", "GEORADIUS k 2 2 300 km STOREDIST k",
	} {
		if got := c.Do(line); got[0] == '-' || got == ":0" {
			t.Errorf("%s: %s", line, got)
		}
		if clock := c.Store.Objects["k"].Clock; len(clock) != 1 || int(clock[0].Counter) != i+1 {
			t.Fatalf("after %s the key has the events %v, want %d", line, clock, i+1)
		}
	}
}

func TestSearch_WritesNothing(t *testing.T) {
	c := play(t, []commandtest.Line{{"GEOADD k 1 1 a", ":1"}}...)
	before := c.Store.Objects["k"]
	c.Play([]commandtest.Line{
		{"GEOADD k NX 5 5 a", ":0"},
		{"GEORADIUS k 1 1 1 km", "*1 $1 a"},
		{"GEOSEARCH k FROMMEMBER a BYBOX 1 1 m", "*1 $1 a"},
		{"GEORADIUSBYMEMBER_RO k a 1 m", "*1 $1 a"},
		{"GEOHASH k a", "*1 $11 s00twy01mt0"},
	})
	if after := c.Store.Objects["k"]; !after.Equal(&before) {
		t.Errorf("%+v, was %+v", after, before)
	}
}

// Without an order the members come by their hashes, and ANY takes the first of them.
func TestSearch_Unsorted_IsInTheOrderOfHashes(t *testing.T) {
	c := play(t)
	for i := range 40 {
		c.Do(fmt.Sprintf("GEOADD k %d.%d %d m%d", i%7, i, i%5, i))
	}
	if all, ranked := c.Do("GEOSEARCH k FROMLONLAT 3 2 BYBOX 9000 9000 km"), c.Do("ZRANGE k 0 -1"); all != ranked {
		t.Errorf("%s, want %s", all, ranked)
	}
	if some, ranked := c.Do("GEOSEARCH k FROMLONLAT 3 2 BYRADIUS 9000 km COUNT 5 ANY"), c.Do("ZRANGE k 0 4"); some != ranked {
		t.Errorf("%s, want %s", some, ranked)
	}
	// They may be sorted then.
	sortedSome, first := strings.Fields(c.Do("GEOSEARCH k FROMLONLAT 3 2 BYRADIUS 9000 km COUNT 5 ANY DESC")), strings.Fields(c.Do("ZRANGE k 0 4"))
	slices.Sort(sortedSome)
	if slices.Sort(first); !slices.Equal(sortedSome, first) {
		t.Errorf("%s, want %s in another order", sortedSome, first)
	}
	// With COUNT alone they are the nearest ones.
	nearest, sorted := c.Do("GEOSEARCH k FROMLONLAT 3 2 BYRADIUS 9000 km COUNT 5"), c.Do("GEOSEARCH k FROMLONLAT 3 2 BYRADIUS 9000 km ASC")
	if !strings.HasPrefix(sorted[len("*40"):], nearest[len("*5"):]) {
		t.Errorf("%s, want the first of %s", nearest, sorted)
	}
	descending := strings.Fields(c.Do("GEOSEARCH k FROMLONLAT 3 2 BYRADIUS 9000 km DESC WITHDIST"))
	ascending := strings.Fields(c.Do("GEOSEARCH k FROMLONLAT 3 2 BYRADIUS 9000 km ASC WITHDIST"))
	distances := func(words []string) (list []string) {
		for i := 5; i < len(words); i += 5 {
			list = append(list, words[i])
		}
		return list
	}
	farthest := distances(descending)
	slices.Reverse(farthest)
	if !slices.Equal(farthest, distances(ascending)) || len(farthest) != 40 {
		t.Errorf("%v, want %v", farthest, distances(ascending))
	}
}

func TestSearchStore_ReplacesTheTarget(t *testing.T) {
	c := play(t, []commandtest.Line{
		{"GEOADD k 1 1 a 50 50 b", ":2"},
		{"ZADD t 7 old", ":1"},
		{"GEOSEARCHSTORE t k FROMLONLAT 1 1 BYRADIUS 10 km", ":1"},
		{"ZRANGE t 0 -1", "*1 $1 a"},
		{"GEOSEARCHSTORE t k FROMLONLAT -1 -1 BYRADIUS 10 km", ":0"},
		{"ZCARD t", ":0"},
	}...)
	c.Pass(time.Hour)
	c.Play([]commandtest.Line{{"ZCARD k", ":2"}})
}

func TestReplies_LargerThanAllowed_AreRefused(t *testing.T) {
	c := play(t)
	name := strings.Repeat("n", 1000)
	for i := range 70 {
		c.Do(fmt.Sprintf("GEOADD k 1 1 %d%s", i, name))
	}
	if got := c.Do("GEOSEARCH k FROMLONLAT 1 1 BYRADIUS 1 km"); got != "-ERR the reply would be larger than this node may buffer for one client" {
		t.Errorf("%.100s", got)
	}
	if got := c.Do("GEOSEARCH k FROMLONLAT 1 1 BYRADIUS 1 km COUNT 5"); !strings.HasPrefix(got, "*5 ") {
		t.Errorf("%.100s", got)
	}
}

func TestStoreError_IsTheAnswer(t *testing.T) {
	c := play(t)
	c.Store.Fail = func(r *replica.Request) error {
		if string(r.Key) == "bad" {
			return errors.New("no such luck")
		}
		return nil
	}
	for _, line := range []string{
		"GEOADD bad 1 1 a", "GEODIST bad a b", "GEOHASH bad a", "GEOPOS bad a", "GEOSEARCH bad FROMLONLAT 1 1 BYRADIUS 1 m", "GEORADIUSBYMEMBER bad a 1 m",
		"GEOSEARCHSTORE good bad FROMLONLAT 1 1 BYRADIUS 1 m", "GEOSEARCHSTORE bad good FROMLONLAT 1 1 BYRADIUS 1 m", "GEORADIUS good 1 1 1 m STORE bad",
	} {
		if got := c.Do(line); got != "-ERR no such luck" {
			t.Errorf("%s: %s", line, got)
		}
	}
	if _, written := c.Store.Objects["good"]; written {
		t.Error("a search wrote its target though its source could not be read")
	}
}

package zsetcmd_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/setcmd"
	"github.com/quorate/quorate/server/zsetcmd"
)

// What each command answers is in server/testdata/wire, beside what Redis answers.

func play(t *testing.T, lines ...commandtest.Line) *commandtest.Conn {
	t.Helper()
	c := commandtest.New(t, nil, zsetcmd.Rows(), setcmd.Rows())
	c.Play(lines)
	return c
}

// events returns how many events have changed a key.
func events(c *commandtest.Conn, key string) (n uint64) {
	for _, entry := range c.Store.Objects[key].Clock {
		n += uint64(entry.Counter)
	}
	return n
}

func TestCommands_AnyNumberOfMembers_IsOneEvent(t *testing.T) {
	c := play(t)
	for i, line := range []string{
		"ZADD k 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h", "ZINCRBY k 1 a", "ZREM k a b", "ZPOPMIN k 2", "ZREMRANGEBYRANK k 0 1", "ZMPOP 1 k MAX COUNT 2",
		"ZADD k 1 a 2 b", "ZUNIONSTORE k 1 k WEIGHTS 2", "ZRANGESTORE k k 0 0", "ZREMRANGEBYSCORE k 0 100",
	} {
		if got := c.Do(line); got[0] == '-' || got == ":0" {
			t.Errorf("%s: %s", line, got)
		}
		if got := events(c, "k"); got != uint64(i+1) {
			t.Fatalf("after %s the key has %d events, want %d", line, got, i+1)
		}
	}
}

func TestCommands_NoChange_WriteNothing(t *testing.T) {
	c := play(t, []commandtest.Line{{"ZADD k 1 a 2 b", ":2"}}...)
	before := c.Store.Objects["k"]
	for _, line := range []string{
		"ZADD k NX 5 a", "ZADD k XX 5 nosuch", "ZADD k GT 0 a", "ZADD k LT 1 a", "ZADD k NX INCR 1 a", "ZREM k nosuch", "ZPOPMIN k 0", "ZREMRANGEBYRANK k 5 9",
		"ZREMRANGEBYSCORE k (2 9", "ZREMRANGEBYLEX k [c +", "ZRANGE k 0 -1", "ZRANDMEMBER k 5",
	} {
		if got := c.Do(line); got[0] == '-' {
			t.Errorf("%s: %s", line, got)
		}
		if after := c.Store.Objects["k"]; !after.Equal(&before) {
			t.Fatalf("%s wrote %+v, was %+v", line, after, before)
		}
	}
}

// A score that stays is written again, so that a removal elsewhere, which has not seen this
// write, does not take the member.
func TestAdd_SameScore_IsAnEvent(t *testing.T) {
	c := play(t, []commandtest.Line{{"ZADD k 1 a", ":1"}, {"ZADD k CH 1 a", ":0"}}...)
	if got := events(c, "k"); got != 2 {
		t.Errorf("%d events, want 2", got)
	}
}

func TestStore_ReplacesTheExpiryToo(t *testing.T) {
	c := play(t, []commandtest.Line{{"ZADD k 1 a", ":1"}, {"SADD s x y", ":2"}, {"ZUNIONSTORE k 2 k s", ":3"}, {"ZUNIONSTORE s 1 s WEIGHTS 3", ":2"}}...)
	c.Pass(time.Hour)
	c.Play([]commandtest.Line{{"ZRANGE s 0 -1 WITHSCORES", "*4 $1 x $1 3 $1 y $1 3"}, {"SCARD s", "-WRONGTYPE Operation against a key holding the wrong kind of value"}})
}

func TestReplies_LargerThanAllowed_AreRefused(t *testing.T) {
	c := play(t)
	name := strings.Repeat("n", 1000)
	for i := range 70 {
		c.Do(fmt.Sprintf("ZADD k %d %d%s", i, i, name))
	}
	const tooBig = "-ERR the reply would be larger than this node may buffer for one client"
	for _, line := range []string{
		"ZRANGE k 0 -1", "ZREVRANGEBYSCORE k inf 0 WITHSCORES", "ZUNION 1 k", "ZINTERCARD 1 k", "ZUNIONSTORE t 1 k", "ZPOPMIN k 70", "ZMPOP 1 k MAX COUNT 100",
		"ZRANDMEMBER k -1000000", "ZRANDMEMBER k 70 WITHSCORES",
	} {
		if got := c.Do(line); got != tooBig {
			t.Errorf("%s: %.100s", line, got)
		}
	}
	c.Play([]commandtest.Line{{"ZCARD k", ":70"}, {"ZCARD t", ":0"}})
	if got := c.Do("ZRANGE k 0 9"); !strings.HasPrefix(got, "*10 ") {
		t.Errorf("%.100s", got)
	}
}

func TestScan_ManyMembers_MeetsEachOnce(t *testing.T) {
	c := play(t)
	const members = 300
	for i := range members {
		c.Do(fmt.Sprintf("ZADD k %d m%d", i, i))
	}
	met := map[string]int{}
	for cursor, pages := "0", 0; pages == 0 || cursor != "0"; pages++ {
		words := strings.Fields(c.Do("ZSCAN k " + cursor + " COUNT 20")) // *2 $n cursor *n, then $n member $n score
		cursor = words[2]
		for at := 4; at < len(words); at += 4 {
			if met[words[at+1]]++; "m"+words[at+3] != words[at+1] {
				t.Errorf("%s has the score %s", words[at+1], words[at+3])
			}
		}
		if pages > members {
			t.Fatal("the scan has no end")
		}
	}
	if len(met) != members {
		t.Errorf("met %d members, want %d", len(met), members)
	}
	for name, times := range met {
		if times != 1 {
			t.Errorf("met %s %d times", name, times)
		}
	}
}

func TestRandomMember_DrawsAsManyAsAsked(t *testing.T) {
	c := play(t, []commandtest.Line{{"ZADD k 1 a 2 b 3 c", ":3"}}...)
	distinct := func(line string) (words []string, n int) {
		words = strings.Fields(c.Do(line))
		seen := map[string]bool{}
		for _, word := range words[1:] {
			if word[0] != '$' {
				seen[word] = true
			}
		}
		return words, len(seen)
	}
	if words, n := distinct("ZRANDMEMBER k 2"); words[0] != "*2" || n != 2 {
		t.Errorf("%q, want two different members", words)
	}
	if words, n := distinct("ZRANDMEMBER k -200"); words[0] != "*200" || n != 3 {
		t.Errorf("%s of %d members, want 200 of all three", words[0], n)
	}
}

// A few members are drawn without a read of all, and as many as a client can name are not.
func TestRandMember_SelectsWhatItDraws(t *testing.T) {
	c := play(t, []commandtest.Line{{"ZADD k 1 a 2 b 3 c", ":3"}}...)
	for line, want := range map[string]int{
		"ZRANDMEMBER k": 1, "ZRANDMEMBER k 2": 2, "ZRANDMEMBER k -1000": 1000, "ZRANDMEMBER k -1025": 0, "ZRANDMEMBER k 9223372036854775807": 0,
	} {
		drawn := 0
		c.Store.Fail = func(r *replica.Request) error {
			for _, d := range r.Selection.Draws.List {
				drawn += d.Count
			}
			return nil
		}
		if c.Do(line); drawn != want {
			t.Errorf("%s selects %d members, want %d", line, drawn, want)
		}
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
		"ZADD bad 1 a", "ZADD bad INCR 1 a", "ZINCRBY bad 1 a", "ZREM bad a", "ZSCORE bad a", "ZMSCORE bad a", "ZCARD bad", "ZCOUNT bad 0 1", "ZLEXCOUNT bad - +",
		"ZRANK bad a", "ZRANGE bad 0 1", "ZPOPMAX bad", "ZMPOP 2 good bad MIN", "ZRANDMEMBER bad", "ZRANDMEMBER bad 1", "ZSCAN bad 0", "ZREMRANGEBYRANK bad 0 1",
		"ZUNION 2 good bad", "ZDIFFSTORE good 2 good bad", "ZINTERSTORE bad 1 good", "ZRANGESTORE good bad 0 1", "ZRANGESTORE bad good 0 1", "ZINTERCARD 1 bad",
	} {
		if got := c.Do(line); got != "-ERR no such luck" {
			t.Errorf("%s: %s", line, got)
		}
	}
	if _, written := c.Store.Objects["good"]; written {
		t.Error("a command wrote its target though a source could not be read")
	}
}

// A draw counts once whether its key was found, also if no member is asked for.
func TestRandMember_CountsItsKeyOnce(t *testing.T) {
	c := play(t, []commandtest.Line{{"ZADD k 1 a 2 b 3 c", ":3"}}...)
	for _, line := range []string{"ZRANDMEMBER k", "ZRANDMEMBER k 2", "ZRANDMEMBER k 0", "ZRANDMEMBER none", "ZRANDMEMBER none 2"} {
		c.Client.Hits, c.Client.Misses = 0, 0
		hits, misses := int64(1), int64(0)
		if strings.Contains(line, "none") {
			hits, misses = 0, 1
		}
		if c.Do(line); c.Client.Hits != hits || c.Client.Misses != misses {
			t.Errorf("%s counts %d hits and %d misses, want %d and %d", line, c.Client.Hits, c.Client.Misses, hits, misses)
		}
	}
}

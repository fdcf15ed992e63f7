package zsetcmd_test

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/commandtest"
)

// addElsewhere adds a member to a key as another node does that has not heard of the key.
func addElsewhere(c *commandtest.Conn, key, member string, score float64) {
	var other object.Object
	other.BecomeEdited(object.Object{}, &object.Edit{
		Dot: causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}, Time: causal.TimestampOf(commandtest.Start + 1),
		Changes: []object.Change{{Kind: object.Scored, Name: []byte(member), Data: object.AppendScore(nil, score)}},
	})
	both, _ := object.Merge(c.Store.Objects[key], other)
	c.Store.Objects[key] = both
}

// token is the first string in an answer that has the form of a context.
func token(t *testing.T, answer string) string {
	t.Helper()
	for _, word := range strings.Fields(answer) {
		if causal.IsToken([]byte(word)) {
			return word
		}
	}
	t.Fatalf("no context in %q", answer)
	return ""
}

func TestContext_TouchesOnlyWhatWasRead(t *testing.T) {
	c := play(t, commandtest.Line{"ZADD k 1 a 2 b", ":2"})
	answer := c.Do("ZRANGE k 0 -1 REV CONTEXT WITHSCORES")
	if !strings.HasPrefix(answer, "*2 $") || !strings.HasSuffix(answer, " *4 $1 b $1 2 $1 a $1 1") {
		t.Errorf("ZRANGE: %q", answer)
	}
	seen := token(t, answer)
	addElsewhere(c, "k", "a", 7)

	removed := c.Do("ZREM k a b nosuch CONTEXT " + seen)
	if !strings.HasPrefix(removed, "*2 :2 ") {
		t.Errorf("ZREM: %q", removed)
	}
	c.Play([]commandtest.Line{{"ZRANGE k 0 -1 WITHSCORES", "*2 $1 a $1 7"}})
	if left := c.Do("ZREM k a CONTEXT " + token(t, removed)); !strings.HasPrefix(left, "*2 :0 ") {
		t.Errorf("the new context covers what its client has not read: %q", left)
	}
	if written := c.Do("ZADD k CH 3 a CONTEXT " + seen); !strings.HasPrefix(written, "*2 :1 ") {
		t.Errorf("ZADD: %q", written)
	}
	if written := c.Do("ZADD k XX 4 a CONTEXT " + seen); !strings.HasPrefix(written, "*2 :0 ") {
		t.Errorf("ZADD XX of a member that the client has not read: %q", written)
	}
	all := token(t, c.Do("ZRANGE k -inf +inf BYSCORE CONTEXT"))
	if removed := c.Do("ZREM k a CONTEXT " + all); !strings.HasPrefix(removed, "*2 :1 ") {
		t.Errorf("ZREM of all: %q", removed)
	}
	c.Play([]commandtest.Line{{"ZCARD k", ":0"}})
}

func TestContext_OutOfPlace_IsRefused(t *testing.T) {
	c := play(t, commandtest.Line{"ZADD k 1 a", ":1"}, commandtest.Line{"ZADD other 1 a", ":1"})
	seen, foreign := token(t, c.Do("ZRANGE k 0 -1 CONTEXT")), token(t, c.Do("ZRANGE other 0 -1 CONTEXT"))
	for line, want := range map[string]string{
		"ZADD k 1 a CONTEXT " + foreign:   "-BADCONTEXT",
		"ZREM k a CONTEXT " + foreign:     "-BADCONTEXT",
		"ZADD k INCR 1 a CONTEXT " + seen: "-ERR syntax error",
		"ZREM k CONTEXT " + seen:          "-ERR wrong number of arguments for 'zrem' command",
		"ZADD k NX CONTEXT " + seen:       "-ERR syntax error",
		"ZRANGESTORE x k 0 -1 CONTEXT":    "-ERR syntax error",
		"ZREVRANGE k 0 -1 CONTEXT":        "-ERR syntax error",
	} {
		if got := c.Do(line); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	c.Play([]commandtest.Line{{"ZADD k 1 CONTEXT", ":1"}, {"ZADD k 2 x 1 CONTEXT", ":1"}, {"ZREM k CONTEXT", ":1"}, {"ZRANGE k 0 -1", "*2 $1 a $1 x"}})
}

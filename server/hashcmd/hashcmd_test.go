package hashcmd_test

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/hashcmd"
)

// What each command answers is in server/testdata/wire, beside what Redis answers.

// concurrent adds a field to a key as another node does that has not heard of the key.
func concurrent(c *commandtest.Conn, key, field, value string) {
	var other object.Object
	other.BecomeEdited(object.Object{}, &object.Edit{
		Dot: causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}, Time: causal.TimestampOf(commandtest.Start + 1),
		Changes: []object.Change{{Kind: object.Field, Name: []byte(field), Data: []byte(value)}},
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
	c := commandtest.New(t, nil, hashcmd.Rows())
	c.Play([]commandtest.Line{{"HSET k a 1 b 2", ":2"}})
	seen := token(t, c.Do("HGETALL k CONTEXT"))
	concurrent(c, "k", "a", "unseen")
	answer := c.Do("HGET k a CONTEXT")
	if !strings.HasSuffix(answer, "*2 $6 unseen $1 1") {
		t.Errorf("both values of the field: %q", answer)
	}
	both := token(t, answer)

	removed := c.Do("HDEL k a b CONTEXT " + seen)
	if !strings.HasPrefix(removed, "*2 :2 ") {
		t.Errorf("HDEL: %q", removed)
	}
	c.Play([]commandtest.Line{{"HGETALL k", "*2 $1 a $6 unseen"}})
	if left := c.Do("HDEL k a CONTEXT " + token(t, removed)); !strings.HasPrefix(left, "*2 :0 ") {
		t.Errorf("the new context covers what its client has not read: %q", left)
	}
	if written := c.Do("HSET k a new CONTEXT " + both); !strings.HasPrefix(written, "*2 :0 ") {
		t.Errorf("HSET: %q", written)
	}
	c.Play([]commandtest.Line{{"HGETALL k", "*2 $1 a $3 new"}})
}

func TestContext_WordsThatAreNoToken_AreFields(t *testing.T) {
	c := commandtest.New(t, nil, hashcmd.Rows())
	c.Play([]commandtest.Line{
		{"HSET k CONTEXT short", ":1"},
		{"HSET k a 1 CONTEXT other", ":1"},
		{"HGET k CONTEXT", "$5 other"},
		{"HDEL k a CONTEXT", ":2"},
	})
	c.Play([]commandtest.Line{{"HSET k a 1", ":1"}, {"HSET other a 1", ":1"}})
	foreign := token(t, c.Do("HGETALL other CONTEXT"))
	if answer := c.Do("HDEL k a CONTEXT " + foreign); !strings.HasPrefix(answer, "-BADCONTEXT") {
		t.Errorf("the context of another key: %q", answer)
	}
	seen := token(t, c.Do("HGETALL k CONTEXT"))
	for _, line := range []string{"HSET k CONTEXT " + seen, "HSET k a CONTEXT " + seen, "HDEL k CONTEXT " + seen} {
		if answer := c.Do(line); !strings.HasPrefix(answer, "-ERR wrong number") {
			t.Errorf("%s: %q", line, answer)
		}
	}
	c.Play([]commandtest.Line{{"HGETALL k", "*2 $1 a $1 1"}})
}

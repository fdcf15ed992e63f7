package hyperloglogcmd_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/hyperloglog"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/hyperloglogcmd"
)

// What each command answers is in server/testdata/wire, beside what Redis answers.

func of(elements ...string) []byte {
	var r hyperloglog.Registers
	for _, e := range elements {
		r.Add(hyperloglog.Observe([]byte(e)))
	}
	return r.Append(nil)
}

// Two coordinators that did not know of one another have added elements. The next PFADD
// leaves one value.
func TestAdd_ToConcurrentValues_LosesNone(t *testing.T) {
	c := commandtest.New(t, nil, hyperloglogcmd.Rows())
	var o object.Object
	for i, value := range [][]byte{of("a", "b"), of("b", "c")} {
		dot := causal.Dot{Actor: causal.Actor{Node: causal.NodeID(i + 1), Epoch: 1}, Counter: 1}
		o = object.Put(o, causal.Context{}, dot, causal.Timestamp(i+1), object.Value{Data: value})
	}
	c.Store.Objects["k"] = o
	c.Play([]commandtest.Line{{"PFCOUNT k", ":3"}, {"PFADD k a b", ":0"}, {"PFADD k d", ":1"}, {"PFCOUNT k", ":4"}, {"PFADD k a b c d", ":0"}})
	if after := c.Store.Objects["k"]; len(after.Siblings) != 1 {
		t.Errorf("%d values, want one", len(after.Siblings))
	}
}

func TestMerge_ManyKeys_TakesAll(t *testing.T) {
	c := commandtest.New(t, nil, hyperloglogcmd.Rows())
	words := []string{"PFMERGE", "sum"}
	for i := range command.BatchMax + 10 {
		key := fmt.Sprintf("k%d", i)
		words = append(words, key)
		c.Play([]commandtest.Line{{fmt.Sprintf("PFADD %s e%d", key, i%50), ":1"}})
	}
	if got := c.DoArgs(words...); got != "+OK" {
		t.Fatal(got)
	}
	c.Play([]commandtest.Line{{"PFCOUNT sum", ":50"}})
}

func TestStoreError_IsTheAnswer(t *testing.T) {
	c := commandtest.New(t, nil, hyperloglogcmd.Rows())
	c.Store.Fail = func(r *replica.Request) error {
		if string(r.Key) == "bad" {
			return errors.New("no such luck")
		}
		return nil
	}
	for _, line := range []string{"PFADD bad x", "PFCOUNT bad", "PFCOUNT good bad", "PFMERGE bad good", "PFMERGE good bad"} {
		if got := c.Do(line); got != "-ERR no such luck" {
			t.Errorf("%s: %s", line, got)
		}
	}
	if _, written := c.Store.Objects["good"]; written {
		t.Error("PFMERGE wrote its target though a source could not be read")
	}
}

package sortcmd_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/hashcmd"
	"github.com/quorate/quorate/server/listcmd"
	"github.com/quorate/quorate/server/setcmd"
	"github.com/quorate/quorate/server/sortcmd"
	"github.com/quorate/quorate/server/stringcmd"
)

// What each command answers is in server/testdata/wire, beside what Redis answers.

func play(t *testing.T, lines ...commandtest.Line) *commandtest.Conn {
	t.Helper()
	c := commandtest.New(t, nil, sortcmd.Rows(), listcmd.Rows(), setcmd.Rows(), hashcmd.Rows(), stringcmd.Rows())
	c.Play(lines)
	return c
}

func TestSort_MoreKeysThanABatch_ReadsAll(t *testing.T) {
	c := play(t)
	c.Client.Node.Limits.Output.Store(1 << 20)
	const n = command.BatchMax + 500
	push, want := []string{"RPUSH", "l"}, fmt.Sprintf("*%d", 2*n)
	for i := range n {
		push = append(push, fmt.Sprintf("%d", i))
		c.DoArgs("SET", fmt.Sprintf("w_%d", i), fmt.Sprintf("%d", n-i))
		c.DoArgs("HSET", fmt.Sprintf("h_%d", i), "f", fmt.Sprintf("v%d", i))
	}
	for i := n - 1; i >= 0; i-- {
		id, value := fmt.Sprintf("%d", i), fmt.Sprintf("v%d", i)
		want += fmt.Sprintf(" $%d %s $%d %s", len(id), id, len(value), value)
	}
	c.DoArgs(push...)
	if got := c.Do("SORT l BY w_* GET # GET h_*->f"); got != want {
		t.Errorf("got %.200s …\nwant %.200s …", got, want)
	}
}

// What would be read and kept is bounded: if it is known to be too much, nothing is read.
func TestSort_TooMuch_IsRefused(t *testing.T) {
	c := play(t)
	limit := int(c.Client.Node.Limits.Output.Load())
	push := []string{"RPUSH", "l"}
	for i := range 100 {
		push = append(push, fmt.Sprintf("%d", i))
	}
	c.DoArgs(push...)
	c.DoArgs("SET", "out", "x")
	reads := 0
	c.Store.Fail = func(*replica.Request) error {
		reads++
		return nil
	}
	const refused = "-ERR what SORT would read is larger"
	line := "SORT l LIMIT 0 100" + strings.Repeat(" GET a*", limit/16/100+1)
	if got := c.Do(line); !strings.HasPrefix(got, refused) || reads != 1 {
		t.Errorf("%.200s; %d reads", got, reads)
	}
	large := strings.Repeat("1", limit/2+1)
	c.DoArgs("SET", "w_1", large)
	c.DoArgs("SET", "w_2", large)
	for _, line := range []string{"SORT l GET w_*", "SORT l BY w_* ALPHA", "SORT l GET w_* STORE out"} {
		if got := c.Do(line); !strings.HasPrefix(got, refused) {
			t.Errorf("%s: %.200s", line, got)
		}
	}
	c.Play([]commandtest.Line{{"GET out", "$1 x"}})
	if got := c.Do("SORT l GET w_* LIMIT 0 2"); !strings.HasPrefix(got, "*2 $-1 $") {
		t.Errorf("%.200s", got)
	}
}

func TestSort_StoreIsOneEvent(t *testing.T) {
	c := play(t, []commandtest.Line{{"RPUSH l 3 1 2", ":3"}, {"RPUSH out x", ":1"}, {"SORT l STORE out", ":3"}, {"LRANGE out 0 -1", "*3 $1 1 $1 2 $1 3"}}...)
	if clock := c.Store.Objects["out"].Clock; len(clock) != 1 || clock[0].Counter != 2 {
		t.Errorf("RPUSH and SORT STORE are the events %v, want two", clock)
	}
	c.Play([]commandtest.Line{{"RPUSH out 4", ":4"}, {"LINDEX out -1", "$1 4"}, {"LSET out 0 0", "+OK"}, {"LRANGE out 0 -1", "*4 $1 0 $1 2 $1 3 $1 4"}})
}

func TestStoreError_IsTheAnswer(t *testing.T) {
	c := play(t, []commandtest.Line{{"RPUSH l 1 2", ":2"}, {"SET out x", "+OK"}}...)
	c.Store.Fail = func(r *replica.Request) error {
		if strings.HasPrefix(string(r.Key), "bad") {
			return errors.New("no such luck")
		}
		return nil
	}
	for _, line := range []string{
		"SORT bad", "SORT_RO bad", "SORT l BY bad_*", "SORT l BY bad_*->f", "SORT l GET bad_*", "SORT l GET bad_*->f", "SORT l STORE bad", "SORT l GET bad_* STORE out",
	} {
		if got := c.Do(line); got != "-ERR no such luck" {
			t.Errorf("%s: %s", line, got)
		}
	}
	c.Play([]commandtest.Line{{"GET out", "$1 x"}})
}

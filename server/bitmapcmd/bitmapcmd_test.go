package bitmapcmd_test

import (
	"errors"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/bitmapcmd"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/stringcmd"
)

// What each command answers is in server/testdata/wire, beside what Redis answers.

func play(t *testing.T, lines ...commandtest.Line) *commandtest.Conn {
	t.Helper()
	c := commandtest.New(t, nil, bitmapcmd.Rows(), stringcmd.Rows())
	c.Play(lines)
	return c
}

func TestBitField_ChangesTheValueInOneUpdate(t *testing.T) {
	c := play(t, []commandtest.Line{
		{"SET k a EX 10", "+OK"},
		{"BITFIELD k SET u8 0 98 INCRBY u8 0 1 GET u8 0", "*3 :97 :99 :99"},
		{"GET k", "$1 c"},
	}...)
	if clock := c.Store.Objects["k"].Clock; len(clock) != 1 || clock[0].Counter != 2 {
		t.Errorf("SET and BITFIELD are the events %v, want two", clock)
	}
	c.Pass(10 * time.Second)
	c.Play([]commandtest.Line{{"GETBIT k 1", ":0"}, {"BITCOUNT k", ":0"}, {"BITPOS k 1", ":-1"}, {"BITFIELD_RO k GET u8 0", "*1 :0"}}) // the expiry stayed
}

func TestBits_NoChange_WritesNothing(t *testing.T) {
	c := play(t, []commandtest.Line{{"SETBIT k 3 1", ":0"}}...)
	before := c.Store.Objects["k"]
	c.Play([]commandtest.Line{
		{"SETBIT k 3 1", ":1"},
		{"BITFIELD k GET u8 0", "*1 :16"},
		{"BITFIELD k SET u8 0 16", "*1 :16"},
		{"BITFIELD k OVERFLOW FAIL SET u8 0 256", "*1 $-1"},
		{"BITFIELD_RO k GET u8 100", "*1 :0"},
	})
	if after := c.Store.Objects["k"]; !after.Equal(&before) {
		t.Errorf("%+v, was %+v", after, before)
	}
}

func TestBits_BeyondTheLimit_AreRefused(t *testing.T) {
	c := play(t)
	c.Client.Node.Limits.Protocol.BulkBytes.Store(10)
	c.Play([]commandtest.Line{
		{"SETBIT k 79 1", ":0"},
		{"SETBIT k 80 1", "-ERR bit offset is not an integer or out of range"},
		{"BITFIELD k SET u8 80 1", "-ERR bit offset is not an integer or out of range"},
		{"BITFIELD k SET u8 #10 1", "-ERR bit offset is not an integer or out of range"},
		{"BITFIELD k SET u8 #1152921504606846976 1", "-ERR bit offset is not an integer or out of range"},
		{"BITFIELD k SET u8 75 1", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
		{"BITFIELD k SET u8 72 1", "*1 :1"},
		{"STRLEN k", ":10"},
	})
}

func TestBitOp_EmptyResult_DeletesTheTarget(t *testing.T) {
	c := play(t, []commandtest.Line{{"SET k old", "+OK"}, {"BITOP OR k nosuch", ":0"}}...)
	if o := c.Store.Objects["k"]; o.Live(commandtest.Start) || len(o.Siblings) != 1 || !o.Siblings[0].Tombstone {
		t.Errorf("%+v, want a deletion", o)
	}
}

func TestBits_KeyWithSiblings_ChangesTheOneShown(t *testing.T) {
	c := play(t, []commandtest.Line{{"SET k a", "+OK"}}...)
	if got := c.DoArgs("SET", "k", "b", "CONTEXT", ""); got[0] != '$' {
		t.Fatal(got)
	}
	c.Play([]commandtest.Line{{"SETBIT k 7 1", ":0"}, {"GET k", "$1 c"}})
	live := c.Store.Objects["k"]
	var values []string
	for _, s := range live.Siblings {
		values = append(values, string(s.Data))
	}
	if len(values) != 2 {
		t.Errorf("values %q, want the one that was not shown, and the changed one", values)
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
		"SETBIT bad 1 1", "GETBIT bad 1", "BITCOUNT bad", "BITPOS bad 1", "BITOP AND good bad", "BITOP AND bad good", "BITFIELD bad GET u8 0",
		"BITFIELD bad SET u8 0 1", "BITFIELD_RO bad GET u8 0",
	} {
		if got := c.Do(line); got != "-ERR no such luck" {
			t.Errorf("%s: %s", line, got)
		}
	}
	if _, written := c.Store.Objects["good"]; written {
		t.Error("BITOP wrote its target though a source could not be read")
	}
}

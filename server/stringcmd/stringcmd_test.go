package stringcmd_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/stringcmd"
)

func play(t *testing.T, lines ...commandtest.Line) *commandtest.Conn {
	t.Helper()
	c := commandtest.New(t, nil, stringcmd.Rows())
	c.Play(lines)
	return c
}

func TestSet_Options_DecideWhatIsWritten(t *testing.T) {
	play(t, []commandtest.Line{
		{"SET a 1", "+OK"},
		{"SET a 2 NX", "$-1"},
		{"GET a", "$1 1"},
		{"SET b 1 XX", "$-1"},
		{"SET b 1 NX", "+OK"},
		{"SET b 2 GET", "$1 1"},
		{"SET b 3 XX GET", "$1 2"},
		{"SET a 1 NX XX", "-ERR syntax error"},
		{"SET a 1 EX", "-ERR syntax error"},
		{"SET a 1 EX 10 PX 10", "-ERR syntax error"},
		{"SET a 1 EX 10 KEEPTTL", "-ERR syntax error"},
		{"SET a 1 EX 0", "-ERR invalid expire time in 'set' command"},
		{"SET a 1 EX x", "-ERR value is not an integer or out of range"},
		{"SET a 1 W 4", "-ERR W must be between 1 and N, which is 3"},
		{"SET a 1 CONTEXT nonsense!", "-BADCONTEXT context is not base64url: bad context; nothing was changed; read the key with GET key CONTEXT and use the context of that reply"},
		{"SETNX a 9", ":0"},
		{"SETNX fresh 9", ":1"},
		{"GETSET a 5", "$1 1"},
		{"GETDEL a", "$1 5"},
		{"GET a", "$-1"},
		{"MSET x 1 y 2 z", "-ERR wrong number of arguments for 'mset' command"},
		{"MSET x 1 y 2", "+OK"},
		{"MGET x nosuch y", "*3 $1 1 $-1 $1 2"},
	}...)
}

func TestSet_Expiry_EndsTheValue(t *testing.T) {
	for _, test := range []struct{ set, at string }{
		{"SET k v EX 10", "10s"},
		{"SET k v PX 1500", "1500ms"},
		{"SETEX k 10 v", "10s"},
		{"PSETEX k 1500 v", "1500ms"},
	} {
		c := play(t, commandtest.Line{test.set, "+OK"})
		life, err := time.ParseDuration(test.at)
		if err != nil {
			t.Fatal(err)
		}
		c.Pass(life - time.Millisecond)
		if got := c.Do("GET k"); got != "$1 v" {
			t.Errorf("%s: %s a millisecond before its end", test.set, got)
		}
		c.Pass(time.Millisecond)
		if got := c.Do("GET k"); got != "$-1" {
			t.Errorf("%s: %s at its end", test.set, got)
		}
	}
}

func TestSet_KeepTTL_KeepsTheEnd(t *testing.T) {
	c := play(t, []commandtest.Line{{"SET k v EX 10", "+OK"}, {"SET k w KEEPTTL", "+OK"}, {"SET other v EX 10", "+OK"}, {"SET other w", "+OK"}}...)
	c.Pass(10 * time.Second)
	c.Play([]commandtest.Line{{"GET k", "$-1"}, {"GET other", "$1 w"}})
}

// An expired value is no value, until its replicas have removed it and before.
func TestRead_ExpiredValue_IsNone(t *testing.T) {
	c := play(t, commandtest.Line{"SET k value EX 10", "+OK"}, commandtest.Line{"SET other value", "+OK"})
	c.Pass(10 * time.Second)
	c.Play([]commandtest.Line{{"STRLEN k", ":0"}, {"GETRANGE k 0 -1", "$0 "}, {"SUBSTR k 0 -1", "$0 "}, {"LCS k other", "$0 "}, {"MGET k", "*1 $-1"}})
}

func TestGetEx_ChangesTheEnd(t *testing.T) {
	c := play(t, []commandtest.Line{
		{"SET k v EX 10", "+OK"},
		{"GETEX k PERSIST EX 1", "-ERR syntax error"},
		{"GETEX nosuch EX 0", "$-1"}, // a missing key comes before an impossible time
		{"GETEX k EX 0", "-ERR invalid expire time in 'getex' command"},
		{"GETEX k EX 20", "$1 v"},
	}...)
	c.Pass(15 * time.Second)
	c.Play([]commandtest.Line{{"GETEX k PERSIST", "$1 v"}})
	c.Pass(time.Hour)
	c.Play([]commandtest.Line{{"GETEX k", "$1 v"}})
}

func TestNumbers_AreAddedOrRefused(t *testing.T) {
	play(t, []commandtest.Line{
		{"INCR n", ":1"},
		{"INCRBY n 41", ":42"},
		{"DECR n", ":41"},
		{"DECRBY n -1", ":42"},
		{"DECRBY n -9223372036854775808", "-ERR decrement would overflow"},
		{"INCRBY n 9223372036854775807", "-ERR increment or decrement would overflow"},
		{"INCRBY n 1.5", "-ERR value is not an integer or out of range"},
		{"INCRBYFLOAT n 0.5", "$4 42.5"},
		{"INCR n", "-ERR value is not an integer or out of range"},
		{"INCRBYFLOAT n x", "-ERR value is not a valid float"},
	}...)
}

func TestRanges_CountFromBothEnds(t *testing.T) {
	play(t, []commandtest.Line{
		{"APPEND k abc", ":3"},
		{"APPEND k def", ":6"},
		{"STRLEN k", ":6"},
		{"STRLEN nosuch", ":0"},
		{"GETRANGE k 1 3", "$3 bcd"},
		{"GETRANGE k -2 -1", "$2 ef"},
		{"GETRANGE k -1 -2", "$0 "},
		{"GETRANGE k 4 99", "$2 ef"},
		{"GETRANGE k x 1", "-ERR value is not an integer or out of range"},
		{"SETRANGE k 7 z", ":8"},
		{"GET k", "$8 abcdef\x00z"},
		{"SETRANGE k -1 z", "-ERR offset is out of range"},
		{"SETRANGE k 1048576 z", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
	}...)
}

func TestLCS_ShowsLengthStringAndRanges(t *testing.T) {
	play(t, []commandtest.Line{
		{"MSET a ohmytext b mynewtext", "+OK"},
		{"LCS a b", "$6 mytext"},
		{"LCS a b LEN", ":6"},
		{"LCS a b IDX", "*4 $7 matches *2 *2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1 $3 len :6"},
		{"LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", "*4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6"},
		{"LCS a b LEN IDX", "-ERR If you want both the length and indexes, please just use IDX."},
		{"LCS a nosuch", "$0 "},
	}...)
}

func TestLCS_TooLarge_IsRefusedAndGivesItsMemoryBack(t *testing.T) {
	c := commandtest.New(t, nil, stringcmd.Rows())
	c.DoArgs("SET", "a", strings.Repeat("a", 5000))
	c.DoArgs("SET", "b", strings.Repeat("b", 5000))
	if got := c.Do("LCS a b"); got != "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len" {
		t.Error(got)
	}
	c.DoArgs("SET", "b", "a")
	c.Play([]commandtest.Line{{"LCS a b", "$1 a"}})
	if used := c.Client.Node.Budget.Used(); used != 0 {
		t.Errorf("%d bytes of the budget were not given back", used)
	}
}

// A write with the context of a read replaces what was read and nothing else.
func TestContext_ReplacesWhatWasRead(t *testing.T) {
	c := play(t, []commandtest.Line{{"GET k CONTEXT", "*2 $0  *0"}, {"SET k one", "+OK"}}...)
	words := strings.Fields(c.Do("GET k CONTEXT"))
	if len(words) != 6 || words[5] != "one" {
		t.Fatalf("context and value: %v", words)
	}
	token := words[2]
	c.Play([]commandtest.Line{{"SET k two", "+OK"}})
	if got := c.Do("SET k three CONTEXT " + token); !strings.HasPrefix(got, "$") {
		t.Fatalf("a write with a context answers %s", got)
	}
	if got := strings.Fields(c.Do("GET k CONTEXT")); len(got) != 8 || got[3] != "*2" {
		t.Errorf("after a write with an old context: %v, want two values", got)
	}
	c.Play([]commandtest.Line{{"SET other v CONTEXT " + token, "-BADCONTEXT context is mangled or of another key: bad context; nothing was changed; read the key with GET key CONTEXT and use the context of that reply"}})
}

func TestLargeValue_IsReported(t *testing.T) {
	c := commandtest.New(t, nil, stringcmd.Rows())
	c.DoArgs("SET", "k", strings.Repeat("x", 1025))
	c.DoArgs("SET", "k", strings.Repeat("x", 1024))
	if len(c.LargeValues) != 1 || c.LargeValues[0] != 1025 {
		t.Errorf("reported sizes: %v", c.LargeValues)
	}
}

func TestStoreError_IsTheAnswer(t *testing.T) {
	c := commandtest.New(t, nil, stringcmd.Rows())
	c.Store.Fail = func(r *replica.Request) error {
		if string(r.Key) == "bad" {
			return errors.New("no such luck")
		}
		return nil
	}
	for _, line := range []string{"GET bad", "SET bad 1", "INCR bad", "STRLEN bad", "GETRANGE bad 0 1", "MGET good bad", "MSET good 1 bad 2", "LCS good bad", "GETEX bad EX 0"} {
		if got := c.Do(line); got != "-ERR no such luck" {
			t.Errorf("%s: %s", line, got)
		}
	}
}

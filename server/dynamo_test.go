package server

import (
	"strings"
	"testing"
)

func TestDynamo_Trace_AnswersAndShowsTheSteps(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	c := dial(t, s.Addr().String())
	got := c.do("DYNAMO", "TRACE", "SET", "k", "v", "EX", "100")
	if !strings.HasPrefix(got, "*2\r\n+OK\r\n*6\r\n") {
		t.Fatalf("%q", got)
	}
	for _, want := range []string{
		": primaries A B; fallbacks C\r\n", "B took the request, A coordinated it\r\n",
		" 0.000 ms  A        primary     apply   ok     took 1.000 ms  [(A, 3)]\r\n",
		" 0.000 ms  B        primary     skip    down   took 0.000 ms\r\n",
		" 0.000 ms  C        fallback    hint    silent no answer, kept for B  gone\r\n",
		" 1.500 ms  2 of 2 needed answers, 1 value now; brought up to date: C\r\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in %q", want, got)
		}
	}
	if got := c.do("DYNAMO", "TRACE", "GET", "k"); !strings.HasPrefix(got, "*2\r\n$1\r\nv\r\n*6\r\n") {
		t.Errorf("%q", got)
	}
	if got := c.do("DYNAMO", "TRACE", "DEL", "k"); !strings.HasPrefix(got, "*2\r\n:1\r\n*6\r\n") {
		t.Errorf("%q", got)
	}
}

func TestDynamo_Trace_OfAnythingElse_IsRefused(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	c := dial(t, s.Addr().String())
	for _, test := range []struct{ args, want string }{
		{"DYNAMO TRACE INCR k", "-ERR DYNAMO TRACE takes GET, SET or DEL\r\n"},
		{"DYNAMO TRACE SET k", "-ERR wrong number of arguments for 'set' command\r\n"},
		{"DYNAMO TRACE DEL a b", "-ERR wrong number of arguments for 'del' command\r\n"},
		{"DYNAMO TRACE SET k v NX XX", "-ERR syntax error\r\n"},
		{"DYNAMO TRACE SET", "-ERR wrong number of arguments for 'dynamo|trace' command\r\n"},
		{"DYNAMO NONSENSE", "-ERR unknown subcommand 'NONSENSE'. Try DYNAMO HELP.\r\n"},
	} {
		if got := c.do(strings.Fields(test.args)...); got != test.want {
			t.Errorf("%s: %q, want %q", test.args, got, test.want)
		}
	}
	if got := c.do("GET", "k"); got != "$-1\r\n" {
		t.Errorf("something was written: %q", got)
	}
}

func TestDynamo_Preflist_ShowsNodesOfAKey(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	got := dial(t, s.Addr().String()).do("DYNAMO", "PREFLIST", "foo")
	if !strings.HasPrefix(got, "*6\r\n$4\r\nslot\r\n:12182\r\n$9\r\npartition\r\n:11\r\n$15\r\npreference list\r\n*3\r\n") ||
		!strings.Contains(got, "A primary up 127.0.0.1:1\r\n") || !strings.Contains(got, "B primary down 127.0.0.1:1\r\n") {
		t.Errorf("%q", got)
	}
}

func TestDynamo_Versions_ShowsPredecessors(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	got := dial(t, s.Addr().String()).do("DYNAMO", "VERSIONS", "k")
	want := "*2\r\n" +
		"*10\r\n$7\r\nversion\r\n$6\r\n(A, 1)\r\n$4\r\ntime\r\n$24\r\n1970-01-01T00:00:01.000Z\r\n$8\r\nhad seen\r\n$2\r\n[]\r\n$7\r\nfollows\r\n*0\r\n$5\r\nvalue\r\n$3\r\none\r\n" +
		"*10\r\n$7\r\nversion\r\n$6\r\n(B, 1)\r\n$4\r\ntime\r\n$24\r\n1970-01-01T00:00:02.000Z\r\n$8\r\nhad seen\r\n$8\r\n[(A, 1)]\r\n$7\r\nfollows\r\n*1\r\n$6\r\n(A, 1)\r\n$5\r\nvalue\r\n$-1\r\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

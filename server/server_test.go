package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

func TestServer_Pipeline_IsOneBatch(t *testing.T) {
	f := newFake(t)
	c := dial(t, serve(t, Config{}, f).Addr().String())
	var in, want strings.Builder
	for i := range 50 {
		n := strconv.Itoa(i)
		in.WriteString(encode("SET", "k", n) + encode("GET", "k") + encode("PING") + encode("GET") + encode("NOSUCH") + encode("INCR", "n"))
		fmt.Fprintf(&want, "+OK\r\n$%d\r\n%s\r\n+PONG\r\n", len(n), n)
		want.WriteString("-ERR wrong number of arguments for 'get' command\r\n-ERR unknown command 'NOSUCH', with args beginning with: \r\n")
		fmt.Fprintf(&want, ":%d\r\n", i+1)
	}
	c.send(in.String())
	got := make([]byte, want.Len())
	if _, err := io.ReadFull(c.in, got); err != nil || string(got) != want.String() {
		t.Fatalf("%v: %q", err, got)
	}
	if calls := f.calls.Load(); calls > 10 {
		t.Errorf("150 requests took %d calls of the store", calls)
	}
}

func TestServer_Pipeline_DependentCommandsSeeEarlierOnes(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	c.send(encode("SET", "a", "1") + encode("RENAME", "a", "b") + encode("GET", "b") + encode("COPY", "b", "c") +
		encode("MSETNX", "c", "x", "d", "y") + encode("DBSIZE") + encode("DEL", "b", "c") + encode("DBSIZE") + "PING inline\r\n")
	for _, want := range []string{"+OK\r\n", "+OK\r\n", "$1\r\n1\r\n", ":1\r\n", ":0\r\n", ":2\r\n", ":2\r\n", ":0\r\n", "$6\r\ninline\r\n"} {
		c.expect(want)
	}
}

func TestServer_ManyKeys_InPieces(t *testing.T) {
	f := newFake(t)
	c := dial(t, serve(t, Config{}, f).Addr().String())
	const n = 3 * command.BatchMax
	set, get, del := []string{"MSET"}, []string{"MGET"}, []string{"DEL"}
	for i := range n {
		key := fmt.Sprintf("key:%d", i)
		set = append(set, key, strconv.Itoa(i))
		get, del = append(get, key), append(del, key)
	}
	if got := c.do(set...); got != "+OK\r\n" {
		t.Fatal(got)
	}
	get = append(get, "missing")
	reply := c.do(get...)
	if !strings.HasPrefix(reply, fmt.Sprintf("*%d\r\n$1\r\n0\r\n", n+1)) || !strings.HasSuffix(reply, fmt.Sprintf("$4\r\n%d\r\n$-1\r\n", n-1)) {
		t.Fatalf("%.60q … %q", reply, reply[len(reply)-40:])
	}
	get[0] = "EXISTS"
	if got := c.do(get...); got != fmt.Sprintf(":%d\r\n", n) {
		t.Fatal(got)
	}
	// The words of DEL's other form, as keys at the end of a piece.
	del[0] = "UNLINK"
	if got := c.do(append(del, "CONTEXT", "x")...); got != fmt.Sprintf(":%d\r\n", n) {
		t.Fatal(got)
	}
	set[0] = "MSETNX"
	if got := c.do(set...); got != ":1\r\n" {
		t.Fatal(got)
	}
	if got := c.do(set...); got != ":0\r\n" {
		t.Fatal(got)
	}
	if got := c.do("KEYS", "*"); strings.Count(got, "key:") != n {
		t.Fatalf("%.40q", got)
	}
	if largest := f.batch.Load(); largest > command.BatchMax {
		t.Errorf("a batch of %d requests", largest)
	}
}

func TestServer_Scan_FindsEveryKey(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	for i := range 1000 {
		c.send(encode("SET", fmt.Sprintf("k%d", i), "v"))
	}
	for range 1000 {
		c.expect("+OK\r\n")
	}
	seen := map[string]bool{}
	for cursor := "0"; ; {
		lines := strings.Split(c.do("SCAN", cursor, "COUNT", "17", "MATCH", "k*"), "\r\n")
		cursor = lines[2]
		for i := 5; i < len(lines); i += 2 {
			seen[lines[i]] = true
		}
		if cursor == "0" {
			break
		}
	}
	if len(seen) != 1000 {
		t.Fatalf("%d keys", len(seen))
	}
}

func TestServer_StoreErrors_HaveTheirPrefixes(t *testing.T) {
	f := newFake(t)
	c := dial(t, serve(t, Config{}, f).Addr().String())
	f.failWith(func(r *replica.Request) error {
		switch {
		case !strings.HasPrefix(string(r.Key), "bad"):
			return nil
		case r.Update == nil:
			return fmt.Errorf("key: %w", &replica.NoQuorumError{Op: replica.OpRead, Needed: 2, Got: 1})
		case r.W == 3:
			return replica.ErrTooManySiblings
		}
		return &replica.NoQuorumError{Op: replica.OpWrite, Needed: 2, Got: 1}
	})
	c.do("SET", "good", "1")
	for _, x := range [][]string{
		{"GET bad", "-NOQUORUM "}, {"MGET good bad", "-NOQUORUM "}, {"EXISTS good bad", "-NOQUORUM "}, {"RENAME bad x", "-NOQUORUM "},
		{"RENAME good bad", "-NOQUORUM "}, {"COPY good bad", "-NOQUORUM "}, {"MSETNX bad 1", "-NOQUORUM "}, {"GET bad CONTEXT", "-NOQUORUM "},
		{"TTL bad", "-NOQUORUM "}, {"TYPE bad", "-NOQUORUM "}, {"INCR bad", "-NOQUORUM "}, {"MSET good 1 bad 2", "-NOQUORUM "},
		{"SET bad 1 W 3", "-TOOMANYSIBLINGS "},
	} {
		if got := c.do(strings.Fields(x[0])...); !strings.HasPrefix(got, x[1]) {
			t.Errorf("%s: %q, want %s", x[0], got, x[1])
		}
	}
	if got := c.do("SET", "bad", "1"); !strings.Contains(got, "may still take effect") {
		t.Errorf("a write without a quorum: %q", got)
	}
	f.failWith(func(*replica.Request) error { return errors.New("two\r\nlines") })
	if got := c.do("GET", "x"); got != "-ERR two  lines\r\n" {
		t.Errorf("%q", got)
	}
}

func TestServer_Auth(t *testing.T) {
	s := serve(t, Config{Password: "secret"}, newFake(t))
	c := dial(t, s.Addr().String())
	for _, x := range [][]string{
		{"PING", "-NOAUTH Authentication required."},
		{"GET a", "-NOAUTH Authentication required."},
		{"GET", "-ERR wrong number of arguments for 'get' command"},
		{"FOO", "-ERR unknown command 'FOO', with args beginning with: "},
		{"MULTI", "-NOAUTH Authentication required."},
		{"CLIENT ID", "-NOAUTH Authentication required."},
		{"AUTH wrong", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"AUTH nobody secret", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"HELLO 3 AUTH default wrong", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"RESET", "+RESET"},
		{"AUTH default secret", "+OK"},
		{"PING", "+PONG"},
		{"AUTH wrong", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"PING", "+PONG"},
		{"RESET", "+RESET"},
		{"PING", "-NOAUTH Authentication required."},
		{"AUTH secret", "+OK"},
		{"CONFIG GET requirepass", "*2\r\n$11\r\nrequirepass\r\n$5\r\n*****"},
		{"CONFIG SET requirepass other", "+OK"},
		{"PING", "+PONG"},
	} {
		if got := c.do(strings.Fields(x[0])...); got != x[1]+"\r\n" {
			t.Errorf("%s: %q, want %q", x[0], got, x[1])
		}
	}
	d := dial(t, s.Addr().String())
	if got := d.do("HELLO", "3"); !strings.HasPrefix(got, "-NOAUTH HELLO must be called with the client already authenticated") {
		t.Errorf("%q", got)
	}
	if got := d.do("HELLO", "3", "AUTH", "default", "other", "SETNAME", "me"); !strings.HasPrefix(got, "%7\r\n") {
		t.Errorf("%q", got)
	}
	if got := d.do("CLIENT", "GETNAME"); got != "$2\r\nme\r\n" {
		t.Errorf("%q", got)
	}
	e := dial(t, s.Addr().String())
	e.send(encode("AUTH", "other") + encode("SET", "a", strings.Repeat("x", 2*resp.MaxUnauthenticatedBulk)) + encode("STRLEN", "a"))
	e.expect("+OK\r\n")
	e.expect("+OK\r\n")
	e.expect(fmt.Sprintf(":%d\r\n", 2*resp.MaxUnauthenticatedBulk))
	f := dial(t, s.Addr().String())
	f.send(encode("PING") + "*11\r\n")
	f.expect("-NOAUTH Authentication required.\r\n")
	f.expect("-ERR Protocol error: unauthenticated multibulk length\r\n")
	f.closed()
}

func TestServer_ClientReply(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	c.send(encode("SET", "big", strings.Repeat("x", 100000)) + encode("CLIENT", "REPLY", "OFF") + encode("PING") + encode("GET", "big") + encode("FOO") + encode("DBSIZE") +
		encode("CLIENT", "REPLY", "SKIP") + encode("PING") + encode("CLIENT", "REPLY", "FOO") + encode("CLIENT", "REPLY", "ON") +
		encode("ECHO", "1") + encode("CLIENT", "REPLY", "SKIP") + encode("GET", "big") + encode("ECHO", "2") +
		encode("CLIENT", "REPLY", "SKIP") + encode("DBSIZE") + encode("ECHO", "3"))
	for _, want := range []string{"+OK\r\n", "+OK\r\n", "$1\r\n1\r\n", "$1\r\n2\r\n", "$1\r\n3\r\n"} {
		c.expect(want)
	}
}

func TestServer_ClientKill(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	a, b, c := dial(t, s.Addr().String()), dial(t, s.Addr().String()), dial(t, s.Addr().String())
	for _, x := range []*client{a, b, c} {
		x.do("PING")
	}
	if got := a.do("CLIENT", "KILL", b.LocalAddr().String()); got != "+OK\r\n" {
		t.Fatal(got)
	}
	b.closed()
	if got := a.do("CLIENT", "KILL", "TYPE", "normal"); got != ":1\r\n" {
		t.Fatal(got)
	}
	c.closed()
	if got := a.do("CLIENT", "KILL", "ADDR", a.LocalAddr().String(), "SKIPME", "no"); got != ":1\r\n" {
		t.Fatal(got)
	}
	a.closed()
}

func TestServer_ManyClientsAtOnce(t *testing.T) {
	f := newFake(t)
	addr := serve(t, Config{}, f).Addr().String()
	var wg sync.WaitGroup
	for range 20 {
		c := dial(t, addr)
		wg.Go(func() {
			var raw bytes.Buffer
			for range 50 {
				raw.WriteString(encode("INCR", "n"))
			}
			for range 10 {
				if _, err := c.Write(raw.Bytes()); err != nil {
					t.Error(err)
					return
				}
				for range 50 {
					if line, err := c.in.ReadString('\n'); err != nil || line[0] != ':' {
						t.Error(line, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if got := dial(t, addr).do("GET", "n"); got != "$5\r\n10000\r\n" {
		t.Fatal(got)
	}
}

package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/replica"
)

func TestNew_PortInUse_SaysSo(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	_, err := New(Config{Addr: s.Addr().String()}, newFake(t))
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), s.Addr().String()) || !strings.Contains(err.Error(), "--client-addr") {
		t.Fatalf("%v", err)
	}
}

func TestNew_BadConfig_ReportsEverything(t *testing.T) {
	_, err := New(Config{MaxClients: -1, IdleTimeout: -1, ProtoMaxBulkLen: 5}, newFake(t))
	for _, want := range []string{"clients", "idle", "proto-max-bulk-len"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("%v does not mention %s", err, want)
		}
	}
}

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
	const n = 3 * batchMax
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
	if largest := f.batch.Load(); largest > batchMax {
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
	e.send(encode("AUTH", "other") + encode("SET", "a", strings.Repeat("x", 2*maxStrangerBulk)) + encode("STRLEN", "a"))
	e.expect("+OK\r\n")
	e.expect("+OK\r\n")
	e.expect(fmt.Sprintf(":%d\r\n", 2*maxStrangerBulk))
	f := dial(t, s.Addr().String())
	f.send(encode("PING") + "*11\r\n")
	f.expect("-NOAUTH Authentication required.\r\n")
	f.expect("-ERR Protocol error: unauthenticated multibulk length\r\n")
	f.closed()
}

func TestServer_HostileBytes_AnswersThenCloses(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	for _, x := range []struct{ in, want string }{
		{"*1\r\n$9223372036854775807\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{encode("PING") + "*abc\r\n", "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n"},
		{encode("SET", "a", "1") + encode("GET", "a") + "*1\r\n\n\r\n", "+OK\r\n$1\r\n1\r\n-ERR Protocol error: expected '$', got ' '\r\n"},
		{encode("SET", "a", "1") + "\"unbalanced\r\n", "+OK\r\n-ERR Protocol error: unbalanced quotes in request\r\n"},
		{strings.Repeat("x", maxLine+10), "-ERR Protocol error: too big inline request\r\n"},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\nPING\r\n", "-ERR wrong number of arguments for 'get' command\r\n"},
		{"POST / HTTP/1.1\r\n", ""},
		{encode("QUIT") + encode("PING"), "+OK\r\n"},
		{encode("QUIT", "now"), "+OK\r\n"},
	} {
		c := dial(t, s.Addr().String())
		c.send(x.in)
		got := make([]byte, len(x.want))
		if _, err := io.ReadFull(c.in, got); err != nil || string(got) != x.want {
			t.Errorf("%.40q: %q, %v, want %q", x.in, got, err, x.want)
			continue
		}
		c.closed()
	}
	if got := dial(t, s.Addr().String()).do("PING"); got != "+PONG\r\n" {
		t.Errorf("afterwards: %q", got)
	}
}

func TestServer_BulkOverLimit_IsRefused(t *testing.T) {
	s := serve(t, Config{ProtoMaxBulkLen: 1 << 20}, newFake(t))
	c := dial(t, s.Addr().String())
	if got := c.do("SET", "a", strings.Repeat("x", 1<<20)); got != "+OK\r\n" {
		t.Fatal(got)
	}
	if got := c.do("APPEND", "a", "x"); got != "-"+textTooLong+"\r\n" {
		t.Fatal(got)
	}
	c.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1048577\r\n")
	c.expect("-ERR Protocol error: invalid bulk length\r\n")
	c.closed()
}

func TestServer_InputLimits_HoldPerConnectionAndNode(t *testing.T) {
	s := serve(t, Config{InputLimit: 1 << 20, BufferedLimit: 3 << 20}, newFake(t))
	c := dial(t, s.Addr().String())
	// The rest is read away, so that the client can send it all.
	c.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100000000\r\n" + strings.Repeat("x", 3<<19))
	c.expect("-" + errQueryTooBig.Error() + "\r\n")
	var open []*client
	refused := false
	for range 6 { // each holds less than its own limit
		c := dial(t, s.Addr().String())
		c.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1000000\r\n" + strings.Repeat("x", 900_000))
		_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if line, err := c.in.ReadString('\n'); err == nil {
			refused = refused || line == "-"+errNodeFull.Error()+"\r\n"
		}
		open = append(open, c)
	}
	if !refused {
		t.Errorf("%d bytes buffered for %d connections", s.budget.used.Load(), len(open))
	}
	if got := dial(t, s.Addr().String()).do("PING"); got != "+PONG\r\n" {
		t.Errorf("a small client meanwhile: %q", got)
	}
}

func TestServer_LargeValue_GrowsAndShrinks(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	c := dial(t, s.Addr().String())
	value := strings.Repeat("0123456789abcdef", 10<<16)
	c.send(encode("SET", "a", value) + encode("GET", "a") + encode("PING"))
	c.expect("+OK\r\n")
	if got := c.reply(); len(got) != len(value)+2+len(fmt.Sprintf("$%d\r\n", len(value))) || !strings.Contains(got, value) {
		t.Fatalf("%d bytes", len(got))
	}
	c.expect("+PONG\r\n")
	c.do("PING") // the turn in which the buffer is given up has passed
	if used := s.budget.used.Load(); used > intakeKept {
		t.Errorf("%d bytes are still held", used)
	}
}

func TestServer_MaxClients(t *testing.T) {
	s := serve(t, Config{MaxClients: 2}, newFake(t))
	a, b := dial(t, s.Addr().String()), dial(t, s.Addr().String())
	a.do("PING")
	b.do("PING")
	c := dial(t, s.Addr().String())
	c.expect("-ERR max number of clients reached\r\n")
	c.closed()
	a.do("QUIT")
	a.closed()
	for range 100 {
		c = dial(t, s.Addr().String())
		c.send(encode("PING"))
		if line, _ := c.in.ReadString('\n'); line == "+PONG\r\n" {
			return
		}
	}
	t.Fatal("the place was not given to another")
}

func TestServer_IdleClient_IsClosed(t *testing.T) {
	s := serve(t, Config{IdleTimeout: 50 * time.Millisecond}, newFake(t))
	c := dial(t, s.Addr().String())
	c.do("PING")
	c.closed()
}

// TestServer_PipelineBeforeReading shows that a client may send far more than
// sockets hold before it reads the first reply.
func TestServer_PipelineBeforeReading(t *testing.T) {
	s := serve(t, Config{OutputLimit: 256 << 20}, newFake(t))
	c := dial(t, s.Addr().String())
	value := strings.Repeat("v", 8000)
	c.do("SET", "a", value)
	const n = 4000 // 32 MB of replies
	get := encode("GET", "a") + encode("ECHO", value)
	c.send(strings.Repeat(get, n))
	want := fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
	for i := range 2 * n {
		if got := c.reply(); got != want {
			t.Fatalf("reply %d: %.40q", i, got)
		}
	}
	if got := c.do("PING"); got != "+PONG\r\n" {
		t.Fatal(got)
	}
}

func TestServer_ClientThatNeverReads_IsClosed(t *testing.T) {
	s := serve(t, Config{OutputLimit: 1 << 20, WriteTimeout: 300 * time.Millisecond}, newFake(t))
	c := dial(t, s.Addr().String())
	c.do("SET", "a", strings.Repeat("v", 10000))
	_ = c.SetWriteDeadline(time.Now().Add(10 * time.Second))
	get := []byte(strings.Repeat(encode("GET", "a"), 1000))
	for range 1000 {
		if _, err := c.Write(get); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				t.Fatal("the server did not close the connection")
			}
			break
		}
		if used := s.budget.used.Load(); used > 4<<20 {
			t.Fatalf("%d bytes buffered", used)
		}
	}
	if got := dial(t, s.Addr().String()).do("PING"); got != "+PONG\r\n" {
		t.Fatal(got)
	}
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

// slow is a store whose answers wait.
type slow struct {
	*fake
	entered chan struct{}
	release chan struct{}
}

func (s *slow) Do(ctx context.Context, requests []*replica.Request) {
	s.entered <- struct{}{}
	select {
	case <-s.release:
		s.fake.Do(ctx, requests)
	case <-ctx.Done():
		for _, r := range requests {
			r.Err = replica.ErrClosing
		}
	}
}

func runSlow(t *testing.T, grace time.Duration) (*Server, *slow, context.CancelFunc, chan error) {
	store := &slow{fake: newFake(t), entered: make(chan struct{}, 10), release: make(chan struct{})}
	s, err := New(Config{Addr: "127.0.0.1:0", Grace: grace}, store)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, store, cancel, done
}

func TestServer_Ends_AfterCommandsUnderWay(t *testing.T) {
	s, store, cancel, done := runSlow(t, 10*time.Second)
	idle, busy := dial(t, s.Addr().String()), dial(t, s.Addr().String())
	idle.do("PING")
	busy.send(encode("SET", "a", "1"))
	<-store.entered
	cancel()
	idle.closed()
	select {
	case <-done:
		t.Fatal("did not wait for the command")
	default:
	}
	close(store.release)
	busy.expect("+OK\r\n")
	busy.closed()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := net.DialTimeout("tcp", s.Addr().String(), time.Second); err == nil {
		t.Error("still listens")
	}
}

func TestServer_Ends_AtTheLatestAfterGrace(t *testing.T) {
	s, store, cancel, done := runSlow(t, 50*time.Millisecond)
	c := dial(t, s.Addr().String())
	c.send(encode("SET", "a", "1"))
	<-store.entered
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestServer_Kill_DropsAtOnce(t *testing.T) {
	s, store, _, done := runSlow(t, time.Hour)
	c := dial(t, s.Addr().String())
	c.send(encode("SET", "a", "1"))
	<-store.entered
	s.Kill()
	s.Kill()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
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

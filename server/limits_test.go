package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/server/command"
)

func TestServer_HostileBytes_AnswersThenCloses(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	for _, x := range []struct{ in, want string }{
		{"*1\r\n$9223372036854775807\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{encode("PING") + "*abc\r\n", "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n"},
		{encode("SET", "a", "1") + encode("GET", "a") + "*1\r\n\n\r\n", "+OK\r\n$1\r\n1\r\n-ERR Protocol error: expected '$', got ' '\r\n"},
		{encode("SET", "a", "1") + "\"unbalanced\r\n", "+OK\r\n-ERR Protocol error: unbalanced quotes in request\r\n"},
		{strings.Repeat("x", 64<<10+10), "-ERR Protocol error: too big inline request\r\n"},
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
	if got := c.do("APPEND", "a", "x"); got != "-"+command.TextTooLong+"\r\n" {
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
		t.Errorf("%d bytes buffered for %d connections", s.budget.Used(), len(open))
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
	c.do("PING") // the loop that gave the buffer up has ended
	if used := s.budget.Used(); used > inputKept {
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

func TestServer_RefuseClients_KeepsThoseThatAreConnected(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	old := dial(t, s.Addr().String())
	old.do("PING")
	s.RefuseClients()
	fresh := dial(t, s.Addr().String())
	fresh.expect("-ERR this node is about to be stopped: connect to another one\r\n")
	fresh.closed()
	old.do("PING")
	if n := s.Connected(); n != 1 {
		t.Errorf("%d clients are connected, want 1", n)
	}
	s.TakeClients()
	dial(t, s.Addr().String()).do("PING")
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
		if used := s.budget.Used(); used > 4<<20 {
			t.Fatalf("%d bytes buffered", used)
		}
	}
	if got := dial(t, s.Addr().String()).do("PING"); got != "+PONG\r\n" {
		t.Fatal(got)
	}
}

package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// client speaks the protocol byte by byte.
type client struct {
	testing.TB
	net.Conn
	in *bufio.Reader
}

func dial(t testing.TB, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{TB: t, Conn: conn, in: bufio.NewReader(conn)}
}

func (c *client) send(raw string) {
	c.Helper()
	if _, err := io.WriteString(c, raw); err != nil {
		c.Fatalf("send: %v", err)
	}
}

// encode renders a command as client libraries do.
func encode(args ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return b.String()
}

// do sends one command and returns the raw reply.
func (c *client) do(args ...string) string {
	c.Helper()
	c.send(encode(args...))
	return c.reply()
}

func (c *client) reply() string {
	c.Helper()
	raw, err := readReply(c.in)
	if err != nil {
		c.Fatalf("read reply: %v (got %q)", err, raw)
	}
	return raw
}

func (c *client) expect(want string) {
	c.Helper()
	if got := c.reply(); got != want {
		c.Fatalf("got %q, want %q", got, want)
	}
}

// closed asserts that the server ended the connection.
func (c *client) closed() {
	c.Helper()
	rest, err := io.ReadAll(c.in)
	if len(rest) > 0 {
		c.Fatalf("unexpected bytes before the end: %q", rest)
	}
	if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
		c.Fatal("connection was not closed")
	}
}

// readReply reads one reply of RESP2 or RESP3 and returns its bytes.
func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return line, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
	switch line[0] {
	case '$', '=':
		if n < 0 {
			return line, nil
		}
		body := make([]byte, n+2)
		_, err := io.ReadFull(r, body)
		return line + string(body), err
	case '%':
		n *= 2
	case '|':
		n = 2*n + 1
	case '*', '~', '>':
	default:
		return line, nil
	}
	all := bytes.NewBufferString(line)
	for range n {
		part, err := readReply(r)
		all.WriteString(part)
		if err != nil {
			return all.String(), err
		}
	}
	return all.String(), nil
}

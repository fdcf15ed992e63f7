package server

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/server/resp"
)

// words are arguments that commands look for, and some that trip them up.
var words = strings.Fields(`a b c key 0 1 2 3 -1 10 100 9223372036854775807 -9223372036854775808 abc 1.5 inf nan * a* [ \ NX XX GT LT GET
	EX PX EXAT PXAT KEEPTTL PERSIST CONTEXT R W MATCH COUNT TYPE string REPLACE DB FOO ASYNC SYNC AUTH SETNAME default ID ADDR
	TYPE normal master SKIPME yes no ON OFF n r w lww error merge timeout FILTERBY PATTERN ACLCAT MODULE everything server
	lib-name lib-ver AQ AQETCZ get set mget config|get config conflict-resolution requirepass`)

// TestServer_AnyArguments_OneReplyEach throws random arguments at every command:
// each must be answered by exactly one well-formed reply.
func TestServer_AnyArguments_OneReplyEach(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	s := serve(t, Config{Now: time.Now}, newFake(t))
	near, far := net.Pipe()
	defer near.Close()
	c := s.newSession(far)
	defer s.forget(c)
	c.client.Out = resp.NewWriter(nil, nil) // all of a reply stays in its buffer, however large it is
	c.borrow()
	defer c.giveBack()
	defer c.unwatch() // MONITOR is among the commands
	table := documentedTable().All()
	for i := range 60000 {
		row := table[r.IntN(len(table))]
		switch row.Full() {
		case "client|reply", "client|kill", "quit":
			continue // these change whether there is a reply, or a session
		}
		args := strings.Split(row.Full(), "|")
		for range r.IntN(7) {
			word := words[r.IntN(len(words))]
			if r.IntN(20) == 0 {
				word = ""
			}
			args = append(args, word)
		}
		c.input.buf = []byte(encode(args...))
		c.input.start, c.input.end = 0, len(c.input.buf)
		c.SetAuthenticated(true) // whatever the last CONFIG SET requirepass or RESET did
		if err := c.executeArrived(t.Context()); err != nil {
			t.Fatalf("%d, %q: %v", i, args, err)
		}
		in := bufio.NewReader(bytes.NewReader(c.client.Out.Buf))
		reply, err := readReply(in)
		if rest, _ := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Fatalf("%d, %q: %q, %v, and then %q", i, args, reply, err, rest)
		}
		c.client.Out.Buf = c.client.Out.Buf[:0]
	}
}

// FuzzServer plays any bytes to a whole session: it must end, and nothing may
// panic.
func FuzzServer(f *testing.F) {
	for _, seed := range []string{
		encode("SET", "a", "1") + encode("GET", "a", "CONTEXT"), "PING\r\n*1\r\n$9223372036854775807\r\n",
		encode("HELLO", "3") + encode("CLIENT", "CONTEXTS", "ON") + encode("GET", "a"), "CLIENT REPLY SKIP\r\nPING\r\nMGET a b\r\n",
	} {
		f.Add([]byte(seed))
	}
	s := serve(f, Config{}, newFake(f))
	f.Fuzz(func(t *testing.T, stream []byte) {
		if bytes.Contains(bytes.ToLower(stream), []byte("config")) {
			return // the next runs depend on the settings
		}
		near, far := net.Pipe()
		c := s.newSession(far)
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer s.forget(c)
			c.serve(t.Context())
		}()
		go func() {
			_, _ = near.Write(stream) // returns when the session has read it all
			near.Close()
		}()
		go io.Copy(io.Discard, near)
		<-done
	})
}

package peer

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Each pair of neighbours in the list is what two nodes may have while the secret is
// changed node by node.
func TestChannel_SecretChangedNodeByNode_EachAcceptsTheOther(t *testing.T) {
	type secrets struct {
		first    string
		accepted []string
	}
	steps := []secrets{{"old", nil}, {"old", []string{"new"}}, {"new", []string{"old"}}, {"new", nil}}
	call := func(from, to secrets) error {
		host := start(t, "H", func(c *Config) { c.Secret, c.AcceptSecrets = to.first, to.accepted })
		dialler := start(t, "G", func(c *Config) { c.Secret, c.AcceptSecrets = from.first, from.accepted })
		_, err := dialler.CallAddr(t.Context(), host.Addr(), Join, nil)
		return err
	}
	for i := range steps[1:] {
		for _, pair := range [][2]secrets{{steps[i], steps[i+1]}, {steps[i+1], steps[i]}, {steps[i+1], steps[i+1]}} {
			if err := call(pair[0], pair[1]); err != nil {
				t.Errorf("%v calls %v: %v", pair[0], pair[1], err)
			}
		}
	}
	var refused *RefusedError
	for _, stranger := range []secrets{{"other", []string{"new", "old"}}, {"", nil}} {
		if err := call(stranger, steps[1]); !errors.As(err, &refused) || refused.Reason != RefusedSecret {
			t.Errorf("a dialler that proves %q: %v", stranger.first, err)
		}
	}
}

// An operator names an admin or a client port with --join.
func TestCallAddr_NotAPeerPort_SaysSo(t *testing.T) {
	admin := httptest.NewServer(http.NotFoundHandler())
	defer admin.Close()
	client, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	go func() { // ends with the listener
		for {
			conn, err := client.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1024)) // unread bytes would reset the connection
			_, _ = conn.Write([]byte("-ERR unknown command\r\n"))
			_ = conn.Close()
		}
	}()
	c := start(t, "G", func(c *Config) { c.HandshakeTimeout = 200 * time.Millisecond })
	for _, addr := range []string{admin.Listener.Addr().String(), client.Addr().String()} {
		if _, err := c.CallAddr(t.Context(), addr, Join, nil); err == nil || !strings.Contains(err.Error(), "is it a client or an admin port?") {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

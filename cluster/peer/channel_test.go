package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// echo answers a request with its own body, a Scan with an error, and a Count
// never.
type echo struct{}

func (echo) ServePeer(reqs []*Request) {
	for _, r := range reqs {
		switch r.Kind {
		case Scan:
			r.ReplyError(errors.New("no\nscan"))
		case Count:
		default:
			r.Reply(r.Body)
		}
	}
}

type end struct {
	*Channel
	stop func()
}

func start(t testing.TB, name string, change func(*Config)) *end {
	t.Helper()
	return startOn(t, name, func(s Sockets) Sockets { return s }, change)
}

// startOn starts a channel on sockets of this machine, which wrap may wrap.
func startOn(t testing.TB, name string, wrap func(Sockets) Sockets, change func(*Config)) *end {
	t.Helper()
	cfg := Config{
		Self: causal.NodeID(name[0]), Name: name,
		ClusterID: func() string { return "cluster" }, RequestTimeout: 300 * time.Millisecond,
	}
	if change != nil {
		change(&cfg)
	}
	sockets, err := Bind("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(cfg, wrap(sockets))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := c.Run(ctx, echo{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	e := &end{Channel: c, stop: func() { cancel(); run.Wait() }}
	t.Cleanup(e.stop)
	return e
}

func (e *end) id() causal.NodeID { return e.cfg.Self }

func pair(t testing.TB, change func(*Config)) (a, b *end) {
	a, b = start(t, "A", change), start(t, "B", change)
	a.SetPeers(map[causal.NodeID]string{b.id(): b.Addr()})
	b.SetPeers(map[causal.NodeID]string{a.id(): a.Addr()})
	for class := range Class(classes) {
		poll.Until(t, "both see each other", func() bool {
			return a.remote(b.id()).streams[class].Load() != nil && b.remote(a.id()).streams[class].Load() != nil
		})
	}
	return a, b
}

func TestChannel_Requests_AreAnsweredWhateverTheirSize(t *testing.T) {
	a, b := pair(t, func(c *Config) { c.RequestTimeout = 20 * time.Second })
	for _, size := range []int{0, 1, 200, inlineBody, inlineBody + 1, readBuffer - headerSize, readBuffer, 3 << 20, 40 << 20} {
		body := bytes.Repeat([]byte{byte(size)}, size)
		got, err := a.Call(t.Context(), b.id(), Foreground, Read, body)
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%d bytes: %d came back, %v", size, len(got), err)
		}
	}
	var remote *RemoteError
	if _, err := a.Call(t.Context(), b.id(), Background, Scan, nil); !errors.As(err, &remote) || remote.Message != "no?scan" {
		t.Errorf("an error came back as %v", err)
	}
}

func TestChannel_ManyAtOnce_EachGetsItsOwnAnswer(t *testing.T) {
	a, b := pair(t, func(c *Config) { c.RequestTimeout = 20 * time.Second })
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				want := fmt.Sprint(g, "/", i)
				if got, err := a.Call(t.Context(), b.id(), Class(i%2), Write, []byte(want)); err != nil || string(got) != want {
					t.Errorf("%s came back as %q, %v", want, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestChannel_PeerDies_EverythingCompletesAndItIsUnavailable(t *testing.T) {
	a, b := pair(t, func(c *Config) { c.RequestTimeout = 20 * time.Second })
	ends := make(chan error, 10)
	for range cap(ends) {
		a.Send(b.id(), Foreground, Count, nil, completion(func(err error) { ends <- err }))
	}
	b.Close()
	for range cap(ends) {
		if err := <-ends; !errors.Is(err, ErrUnavailable) {
			t.Errorf("a request to the dead ended with %v", err)
		}
	}
	poll.Until(t, "the dead is unavailable", func() bool { return !a.Available(b.id()) })
	if _, err := a.Call(t.Context(), b.id(), Foreground, Read, nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a request to nobody ended with %v", err)
	}
}

type completion func(error)

func (f completion) Complete(_ causal.NodeID, _ []byte, err error) { f(err) }

func TestChannel_Strangers_AreRefused(t *testing.T) {
	host := start(t, "H", func(c *Config) { c.Secret = "s" })
	for name, test := range map[string]struct {
		change func(*Config)
		want   Refusal
	}{
		"another cluster": {func(c *Config) { c.ClusterID, c.Secret = func() string { return "other" }, "s" }, RefusedCluster},
		"another secret":  {func(c *Config) { c.Secret = "t" }, RefusedSecret},
		"no secret":       {nil, RefusedSecret},
	} {
		newcomer := start(t, "G", test.change)
		_, err := newcomer.CallAddr(t.Context(), host.Addr(), Join, nil)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Reason != test.want || !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	newcomer := start(t, "G", func(c *Config) { c.ClusterID, c.Secret = func() string { return "" }, "s" })
	if got, err := newcomer.CallAddr(t.Context(), host.Addr(), Join, []byte("me")); err != nil || string(got) != "me" {
		t.Errorf("a newcomer's request: %q, %v", got, err)
	}
	if _, err := newcomer.CallAddr(t.Context(), host.Addr(), Write, nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a newcomer that asks for more: %v", err)
	}
	newcomer.SetPeers(map[causal.NodeID]string{'X': host.Addr()})
	if _, err := host.CallAddr(t.Context(), newcomer.Addr(), Join, nil); !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrRefused) {
		t.Errorf("a host without a cluster: %v, want a refusal that may pass", err)
	}
}

func TestChannel_HostileBytes_HarmNobodyElse(t *testing.T) {
	a, b := pair(t, func(c *Config) { c.RequestTimeout, c.HandshakeTimeout = 20*time.Second, 200*time.Millisecond })
	valid := appendMessage([]byte(magic), tagHello, a.newHandshake(purposePeer, Foreground, 0, b.id()).ours.raw)
	for name, data := range map[string]string{
		"nothing":          "",
		"text":             "GET / HTTP/1.1\r\n\r\n",
		"half a magic":     magic[:4],
		"magic and noise":  magic + strings.Repeat("\xff", 4096),
		"endless hello":    magic + "H\xff\xff" + strings.Repeat("x", 1<<16),
		"hello, no proof":  string(valid),
		"hello, bad proof": string(appendMessage(valid, tagAccept, []byte("x"))),
		"frames unasked":   string(appendMessage(valid, tagProof, nil)) + strings.Repeat("\x7f", 1<<12),
		"a huge frame": string(appendMessage(valid, tagProof, nil)) +
			string(header{length: 1<<32 - 1, kind: Write}.append(nil)),
	} {
		conn, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(data)) // it may be cut off
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		for buf := make([]byte, 4096); ; {
			if _, err := conn.Read(buf); err != nil {
				var timeout net.Error
				if errors.As(err, &timeout) && timeout.Timeout() && name != "nothing" && name != "text" {
					t.Errorf("%s: the connection stays open", name)
				}
				break
			}
		}
		_ = conn.Close()
		if got, err := a.Call(t.Context(), b.id(), Foreground, Read, []byte("still here")); err != nil || string(got) != "still here" {
			t.Fatalf("after %s: %q, %v", name, got, err)
		}
	}
}

func TestBind_PortTaken_SaysSo(t *testing.T) {
	a := start(t, "A", nil)
	_, err := Bind(a.Addr())
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), a.Addr()) {
		t.Errorf("binding a taken port: %v", err)
	}
}

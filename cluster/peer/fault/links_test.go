package fault

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"testing"
	"time"
)

const here, there = "127.0.0.1:1", "127.0.0.1:2"

func TestLinks_Set_TakesWhatMakesSenseOrNothing(t *testing.T) {
	l := new(Links)
	kept := []Link{{From: here, To: there, Cut: true}}
	if err := l.Set(kept); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Link{
		{From: here, To: here, Cut: true}, {From: "", To: there, Cut: true}, {From: here, To: "nowhere", Cut: true},
		{From: there, To: here, Delay: -1}, {From: there, To: here, Delay: MaxDelay + 1},
		{From: there, To: here, Loss: -0.1}, {From: there, To: here, Loss: 1.1}, {From: there, To: here, Loss: math.NaN()},
		{From: here, To: there, Loss: 1}, // a second one for the link
	} {
		if err := l.Set(append(slices.Clone(kept), bad)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
		if got := l.Faulty(); !slices.Equal(got, kept) {
			t.Fatalf("after %+v: %v", bad, got)
		}
	}
	if err := l.Set(make([]Link, maxLinks+1)); !errors.Is(err, ErrInvalid) {
		t.Errorf("too many: %v", err)
	}
	if err := l.Set([]Link{{From: there, To: here}}); err != nil || l.Faulty() != nil || l.table.Load() != nil {
		t.Errorf("a fault that does nothing: %v, %v", err, l.Faulty())
	}
}

func TestLinks_NameOfAHost_IsMetAsNumbersToo(t *testing.T) {
	l := new(Links)
	if err := l.Set([]Link{{From: "localhost:1", To: there, Cut: true}}); err != nil {
		t.Fatal(err)
	}
	now := l.table.Load()
	if !now.of[direction{"localhost:1", there}].Cut || !now.of[direction{here, there}].Cut {
		t.Errorf("%v", now.of)
	}
}

// tcp dials on this machine.
type tcp struct{}

func (tcp) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// joined returns a connection over links, and its other end.
func joined(t *testing.T, l *Links) (*Conn, net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := Dialer{Next: tcp{}, Links: l, Self: here}.DialContext(t.Context(), listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(), other.Close() })
	return conn.(*Conn), other
}

func (c *Conn) remote() string { return c.out.way.to }

func set(t *testing.T, l *Links, all ...Link) {
	t.Helper()
	if err := l.Set(all); err != nil {
		t.Fatal(err)
	}
}

// soon returns a deadline that ends the call under test.
func soon() time.Time { return time.Now().Add(20 * time.Millisecond) }

func TestConn_CutOnTheWayIn_HoldsWhatCameUntilItHeals(t *testing.T) {
	l := new(Links)
	c, other := joined(t, l)
	set(t, l, Link{From: c.remote(), To: here, Cut: true})
	if _, err := c.Write([]byte("out")); err != nil {
		t.Fatalf("the way out is whole: %v", err)
	}
	if _, err := io.ReadFull(other, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 3)
	_ = c.SetReadDeadline(soon())
	if n, err := c.Read(buf); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d through a cut, %v", n, err)
	}
	var timeout net.Error
	if _, err := c.Read(buf); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("again: %v", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	ended := make(chan string)
	go func() {
		all, err := io.ReadAll(c)
		ended <- string(all) + " " + errText(err)
	}()
	_ = other.Close() // not to be heard of either
	select {
	case got := <-ended:
		t.Fatalf("%q came through a cut", got)
	case <-time.After(20 * time.Millisecond):
	}
	set(t, l)
	if got := <-ended; got != "hello nil" {
		t.Errorf("after healing: %q", got)
	}
}

func errText(err error) string {
	if err == nil {
		return "nil"
	}
	return err.Error()
}

func TestConn_CutOnTheWayOut_HoldsWritesUntilItHeals(t *testing.T) {
	l := new(Links)
	c, other := joined(t, l)
	set(t, l, Link{From: here, To: c.remote(), Cut: true})
	_ = c.SetDeadline(soon())
	if n, err := c.Write([]byte("lost")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("wrote %d through a cut, %v", n, err)
	}
	_ = c.SetDeadline(time.Time{})
	written := make(chan error)
	go func() {
		_, err := c.WriteVector(&net.Buffers{[]byte("hel"), []byte("lo")})
		written <- err
	}()
	select {
	case err := <-written:
		t.Fatalf("write through a cut: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	set(t, l, Link{From: "127.0.0.1:3", To: here, Cut: true}) // another link
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(other, got); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestConn_DeadlineMovedOrClosed_EndsTheWait(t *testing.T) {
	for what, end := range map[string]func(c *Conn){
		"a deadline set meanwhile": func(c *Conn) { _ = c.SetDeadline(time.Unix(1, 0)) },
		"a close":                  func(c *Conn) { _ = c.Close() },
	} {
		l := new(Links)
		c, other := joined(t, l)
		if _, err := other.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		set(t, l, Link{From: here, To: c.remote(), Cut: true}, Link{From: c.remote(), To: here, Cut: true})
		ends := make(chan error)
		go func() { _, err := c.Write([]byte("x")); ends <- err }()
		go func() { _, err := c.Read(make([]byte, 1)); ends <- err }()
		time.Sleep(5 * time.Millisecond) // most of the time both wait by now
		end(c)
		for range 2 {
			if err := <-ends; !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func TestConn_DelayAndLoss_CostAtLeastTheirTime(t *testing.T) {
	l := new(Links)
	c, other := joined(t, l)
	const delay = 60 * time.Millisecond
	echoed := func() time.Duration {
		began := time.Now()
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(other, other, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	}
	set(t, l, Link{From: here, To: c.remote(), Delay: delay})
	if took := echoed(); took < delay {
		t.Errorf("there and back took %v with a delay of %v one way", took, delay)
	}
	set(t, l, Link{From: here, To: c.remote(), Delay: delay}, Link{From: c.remote(), To: here, Delay: delay})
	if took := echoed(); took < 2*delay {
		t.Errorf("there and back took %v with a delay of %v each way", took, delay)
	}
	set(t, l, Link{From: here, To: c.remote(), Loss: 1})
	if took := echoed(); took < retransmission {
		t.Errorf("there and back took %v although the packet was lost", took)
	}
}

func TestLinks_DialThroughACut_HangsUntilItHealsOrIsGivenUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	addr := listener.Addr().String()
	for _, way := range []Link{{From: here, To: addr, Cut: true}, {From: addr, To: here, Cut: true}} {
		l := new(Links)
		set(t, l, way)
		network := Dialer{Next: tcp{}, Links: l, Self: here}
		ctx, cancel := context.WithDeadline(t.Context(), soon())
		if _, err := network.DialContext(ctx, addr); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v: %v", way, err)
		}
		cancel()
		if _, err := network.DialContext(ctx, addr); err == nil {
			t.Errorf("%v: dialled after it was given up", way)
		}
		dialled := make(chan error)
		go func() {
			conn, err := network.DialContext(t.Context(), addr)
			if err == nil {
				err = conn.Close()
			}
			dialled <- err
		}()
		select {
		case err := <-dialled:
			t.Fatalf("%v: dialled through a cut, %v", way, err)
		case <-time.After(20 * time.Millisecond):
		}
		set(t, l)
		if err := <-dialled; err != nil {
			t.Errorf("%v, healed: %v", way, err)
		}
	}
}

func TestPackets_EachFault_DropsOrDelays(t *testing.T) {
	l := new(Links)
	socket := func() net.PacketConn {
		p, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	other := socket()
	addr := other.LocalAddr().String()
	p := NewPackets(socket(), l, here)
	send := func(text string) {
		t.Helper()
		if n, err := p.WriteTo([]byte(text), other.LocalAddr()); n != len(text) || err != nil {
			t.Fatalf("%s: %d, %v", text, n, err)
		}
	}
	const delay = 30 * time.Millisecond
	set(t, l, Link{From: here, To: addr, Cut: true})
	send("cut")
	set(t, l, Link{From: here, To: addr, Loss: 1})
	send("lost")
	set(t, l, Link{From: here, To: addr, Delay: delay})
	began := time.Now()
	send("late")
	set(t, l, Link{From: addr, To: here, Cut: true}) // the way back
	send("well")
	buf := make([]byte, 10)
	_ = other.SetReadDeadline(time.Now().Add(10 * time.Second))
	for _, want := range []string{"well", "late"} {
		n, _, err := other.ReadFrom(buf)
		if err != nil || string(buf[:n]) != want {
			t.Fatalf("%q, %v, want %s", buf[:n], err, want)
		}
	}
	if took := time.Since(began); took < delay {
		t.Errorf("the late one took %v", took)
	}
	set(t, l, Link{From: here, To: addr, Delay: MaxDelay})
	for range maxDelayed + 10 {
		send("never")
	}
	if waiting := len(p.mu.delayed); waiting != maxDelayed {
		t.Errorf("%d packets are held back", waiting)
	}
	if err := p.Close(); err != nil || len(p.mu.delayed) != 0 {
		t.Errorf("close: %v, %d still held back", err, len(p.mu.delayed))
	}
}

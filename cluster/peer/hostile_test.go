package peer

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/sim/poll"
)

func TestReader_LiarAboutLength_TakesNoMemory(t *testing.T) {
	in := append(header{length: 500 << 20, kind: Write}.append(nil), "that is all"...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readScript(in, nil, 544<<20); err == nil {
		t.Error("half a frame is no error")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 4*firstGrow {
		t.Errorf("the word of a peer cost %d bytes", took)
	}
}

func TestReader_BodiesBeyondTheBudget_BreakTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Config{Self: 1, Name: "A", MaxFrame: 1 << 20, InboundBytes: 1 << 20, ClusterID: func() string { return "c" }},
			newMemory().bind(t, "10.0.0.1:1"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if !c.inbound.TryAcquire(600 << 10) {
			t.Fatal("the budget is smaller than configured")
		}
		here, there := net.Pipe()
		s := c.newStream(there, 2, "B", Foreground, nil)
		ended := make(chan error, 1)
		var reader sync.WaitGroup
		defer reader.Wait()
		reader.Go(func() { ended <- s.readAll() })
		began := time.Now()
		if _, err := here.Write(header{length: 600 << 10, kind: Write}.append(nil)); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != c.cfg.HandshakeTimeout {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestReader_TricklingBigBody_IsGivenUp(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, _ *gate) {
		h := a.newHandshake(purposePeer, Background, 0, b.id())
		conn, err := a.sockets.Dialer.DialContext(t.Context(), b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := h.dial(conn); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = conn.Write(header{length: 1 << 20, kind: Write}.append(nil))
		for err == nil {
			time.Sleep(time.Second)
			_, err = conn.Write([]byte("x"))
		}
		if took := time.Since(began); took > bigDeadline+3*time.Second {
			t.Errorf("a body that trickles was borne for %v", took)
		}
	})
}

func TestChannel_SlowLoris_KeepsNobodyOut(t *testing.T) {
	a := start(t, "A", func(c *Config) { c.HandshakeTimeout = time.Minute })
	b := start(t, "B", nil)
	for range maxUnidentified + 20 {
		conn, err := net.Dial("tcp", a.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	b.SetPeers(map[causal.NodeID]string{a.id(): a.Addr()})
	poll.Until(t, "a peer comes through the crowd", func() bool { return b.Available(a.id()) })
}

func TestChannel_Impostor_DoesNotEndThePeersStream(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, _ *gate) {
		var conns []net.Conn
		for range maxDuplicates - 1 {
			h := a.newHandshake(purposePeer, Foreground, 0, b.id()) // says that it is A
			conn, err := a.sockets.Dialer.DialContext(t.Context(), b.Addr())
			if err != nil {
				t.Fatal(err)
			}
			if err := h.dial(conn); err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		synctest.Wait()
		if !a.Available(b.id()) {
			t.Error("a second stream in A's name ended A's own")
		}
		time.Sleep(5 * time.Minute) // mute: they are dropped
		for _, conn := range conns {
			if _, err := conn.Write(frames(nil)); err == nil {
				t.Error("a mute stream is kept")
			}
		}
		if n := len(b.accepted.all()); n != 2 {
			t.Errorf("%d streams are accepted, want A's two", n)
		}
	})
}

func TestGossip_Connections_AreBounded(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, _ *gate) {
		dial := func() net.Conn {
			conn, err := a.sockets.Dialer.DialContext(t.Context(), b.Addr())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte{244}); err != nil {
				t.Fatal(err)
			}
			return conn
		}
		closed := func(conn net.Conn) bool {
			_ = conn.SetWriteDeadline(time.Now().Add(time.Millisecond))
			_, err := conn.Write([]byte("x"))
			return err != nil && !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err)
		}
		conn := dial()
		synctest.Wait()
		if !closed(conn) {
			t.Error("a connection for gossip is kept, and there is no gossip")
		}
		transport := b.Gossip()
		var conns []net.Conn
		for range maxGossipConns + 10 {
			conns = append(conns, dial())
		}
		synctest.Wait()
		open := 0
		for _, conn := range conns {
			if !closed(conn) {
				open++
			}
		}
		if open != maxGossipConns {
			t.Errorf("%d connections are open, want %d", open, maxGossipConns)
		}
		got := <-transport.StreamCh()
		first := make([]byte, 1)
		if n, err := got.Read(first); n != 1 || first[0] != 244 || err != nil {
			t.Errorf("gossip reads %x, %v: want the byte that told it apart", first, err)
		}
		if err := transport.Shutdown(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		for _, conn := range conns {
			if !closed(conn) {
				t.Fatal("a connection outlives gossip")
			}
		}
		if !a.Available(b.id()) {
			t.Error("the end of gossip ended the streams")
		}
	})
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestGossip_Packets_OverflowIsDroppedAndCounted(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, _ *gate) {
		from, to := a.Gossip(), b.Gossip()
		for range maxPackets + 5 {
			if _, err := from.WriteTo([]byte("news"), b.Addr()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if n := b.count.GossipDropped.Load(); n != 5 {
			t.Errorf("%d packets dropped, want 5", n)
		}
		if p := <-to.PacketCh(); string(p.Buf) != "news" || p.From.String() != a.Addr() {
			t.Errorf("received %q from %v", p.Buf, p.From)
		}
		for _, g := range []interface{ Shutdown() error }{from, to} {
			if err := g.Shutdown(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestChannel_UnreadReplies_EndTheStreamAndNotTheNode(t *testing.T) {
	small := func(c *Config) { c.QueueBytes = 64 << 10 }
	inBubble(t, small, func(t *testing.T, a, b *end, _ *gate) {
		h := a.newHandshake(purposePeer, Background, 0, b.id())
		conn, err := a.sockets.Dialer.DialContext(t.Context(), b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := h.dial(conn); err != nil {
			t.Fatal(err)
		}
		question := frames(bytes.Repeat([]byte("x"), 20<<10))
		written := 0
		for err == nil && written < 100<<20 { // and never reads an answer
			_ = conn.SetWriteDeadline(time.Now().Add(time.Minute))
			_, err = conn.Write(question)
			written += len(question)
		}
		if written > 2<<20 {
			t.Errorf("%d bytes of requests were taken in from a peer that reads no reply", written)
		}
	})
}

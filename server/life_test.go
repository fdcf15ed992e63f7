package server

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/replica"
)

func TestNew_BadConfig_ReportsEverything(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{MaxClients: -1, IdleTimeout: -1, ProtoMaxBulkLen: 5, Slowlog: &SlowlogConfig{Entries: -1}}
	_, err = New(cfg, listener, newFake(t))
	for _, want := range []string{"maxclients", "timeout", "proto-max-bulk-len", "slowlog-max-len"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("%v does not mention %s", err, want)
		}
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is still open: %v", err)
	}
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
	s := newServer(t, Config{Grace: grace}, store)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, store, cancel, done
}

func TestServer_Run_FinishesCommandsUnderWay(t *testing.T) {
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

func TestServer_Run_EndsAfterGrace(t *testing.T) {
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

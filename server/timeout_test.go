package server

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipe starts a session on an in-memory connection, in a bubble's time.
func pipe(t *testing.T, cfg Config) (near net.Conn, ended <-chan struct{}) {
	t.Helper()
	s := newServer(t, cfg, newFake(t))
	t.Cleanup(func() { s.listener.Close() })
	near, far := net.Pipe()
	c := s.newSession(far)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.serve(t.Context())
		s.forget(c)
		s.work.Wait()
	}()
	return near, done
}

// TestSession_UnfinishedCommand_IsClosedAfterGrace shows that a client that sends a
// byte now and then does not hold its place for ever.
func TestSession_UnfinishedCommand_IsClosedAfterGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, ended := pipe(t, Config{})
		go func() { _, _ = io.Copy(io.Discard, near) }()
		started := time.Now()
		if _, err := io.WriteString(near, "*2\r\n$4\r\nECHO\r\n$1000\r\n"); err != nil {
			t.Fatal(err)
		}
		for {
			time.Sleep(5 * time.Second)
			if _, err := io.WriteString(near, "x"); err != nil {
				break
			}
		}
		<-ended
		if took := time.Since(started); took < unfinishedGrace || took > unfinishedGrace+10*time.Second {
			t.Errorf("closed after %v", took)
		}
		near.Close()
	})
}

// TestSession_SlowButSteadyUpload_IsNotClosed: a large value over a thin line.
func TestSession_SlowButSteadyUpload_IsNotClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, ended := pipe(t, Config{IdleTimeout: time.Second})
		const pieces = 300
		go func() {
			_, _ = io.WriteString(near, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1228800\r\n")
			for range pieces {
				time.Sleep(time.Second)
				_, _ = io.WriteString(near, strings.Repeat("x", 4096))
			}
			_, _ = io.WriteString(near, "\r\n")
		}()
		reply := make([]byte, 5)
		if _, err := io.ReadFull(near, reply); err != nil || string(reply) != "+OK\r\n" {
			t.Errorf("%q, %v", reply, err)
		}
		// And then it is idle.
		if _, err := near.Read(reply); err == nil {
			t.Error("an idle client was not closed")
		}
		<-ended
		near.Close()
	})
}

// TestSession_ClientThatStopsReading_IsClosedAfterWriteTimeout, and not before.
func TestSession_ClientThatStopsReading_IsClosedAfterWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, ended := pipe(t, Config{WriteTimeout: 10 * time.Second})
		started := time.Now()
		if _, err := io.WriteString(near, encode("PING")); err != nil {
			t.Fatal(err)
		}
		<-ended
		if took := time.Since(started); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("closed after %v", took)
		}
		near.Close()
	})
}

// TestSession_UnfinishedCommand_IsIdleAsWell: a client that stops in the middle of a
// command is closed when it has been silent for the idle timeout.
func TestSession_UnfinishedCommand_IsIdleAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, ended := pipe(t, Config{IdleTimeout: 5 * time.Second})
		go func() { _, _ = io.Copy(io.Discard, near) }()
		started := time.Now()
		if _, err := io.WriteString(near, "*2\r\n$4\r\nEC"); err != nil {
			t.Fatal(err)
		}
		<-ended
		if took := time.Since(started); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("closed after %v, want the idle timeout of 5s", took)
		}
		near.Close()
	})
}

// TestSession_Monitor_IsNeverIdle: whoever watches sends nothing.
func TestSession_Monitor_IsNeverIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, ended := pipe(t, Config{IdleTimeout: time.Second})
		if _, err := io.WriteString(near, encode("MONITOR")); err != nil {
			t.Fatal(err)
		}
		reply := make([]byte, 5)
		if _, err := io.ReadFull(near, reply); err != nil || string(reply) != "+OK\r\n" {
			t.Fatalf("%q, %v", reply, err)
		}
		time.Sleep(time.Hour)
		select {
		case <-ended:
			t.Error("closed")
		default:
		}
		near.Close()
		<-ended
	})
}

//go:build !race

package socket

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// pair returns the two ends of a TCP connection, of which the first is direct.
func pair(t testing.TB) (*Conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dialled.Close(); _ = accepted.Close() })
	direct, ok := Direct(accepted).(*Conn)
	if !ok {
		t.Fatal("a TCP connection was not made direct")
	}
	return direct, dialled.(*net.TCPConn)
}

func TestDirect_NoTCPConnection_IsLeftAlone(t *testing.T) {
	one, other := net.Pipe()
	defer one.Close()
	defer other.Close()
	if Direct(one) != one {
		t.Error("a pipe was wrapped")
	}
}

func TestDirect_ClosedConnection_FailsWhenUsed(t *testing.T) {
	c, _ := pair(t)
	_ = c.TCPConn.Close()
	if _, err := Direct(c.TCPConn).Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read: %v", err)
	}
}

// TestConn_BytesOfAnySize_ArriveInOrder sends more than the sockets hold, in pieces below and
// above the bound of one call, to a reader that echoes them.
func TestConn_BytesOfAnySize_ArriveInOrder(t *testing.T) {
	for _, size := range []int{1, 100, most, most + 1, 8 << 20} {
		c, other := pair(t)
		sent := make([]byte, size)
		for i := range sent {
			sent[i] = byte(i * 31 >> 3)
		}
		failed := make(chan error, 1)
		go func() {
			for left := sent; len(left) > 0; {
				piece := left[:min(len(left), most)]
				if n, err := c.Write(piece); n != len(piece) || err != nil {
					failed <- err
					return
				}
				left = left[len(piece):]
			}
			failed <- c.CloseWrite()
		}()
		go func() { _, _ = io.Copy(other, other); _ = other.CloseWrite() }()
		var got []byte
		buf := make([]byte, most)
		for {
			n, err := c.Read(buf)
			got = append(got, buf[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := <-failed; err != nil {
			t.Errorf("%d bytes: write: %v", size, err)
		}
		if !bytes.Equal(got, sent) {
			t.Errorf("%d bytes: %d came back, or others", size, len(got))
		}
	}
}

// TestConn_EachEnd_IsToldAsOfAnyConnection compares errors with those of package net.
func TestConn_EachEnd_IsToldAsOfAnyConnection(t *testing.T) {
	past := time.Unix(1, 0)
	buf := make([]byte, 16)
	many := make([]byte, most)
	fill := func(c net.Conn) (err error) {
		for err == nil {
			_ = c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
			_, err = c.Write(many)
		}
		return err
	}
	for _, tc := range []struct {
		name string
		do   func(c net.Conn, other *net.TCPConn) error
		want error
	}{
		{"read after the other end closed", func(c net.Conn, other *net.TCPConn) error {
			_ = other.Close()
			_, err := c.Read(buf)
			return err
		}, io.EOF},
		{"read after the other end half closed", func(c net.Conn, other *net.TCPConn) error {
			_, _ = other.Write([]byte("last"))
			_ = other.CloseWrite()
			if n, err := io.ReadFull(c, buf[:4]); n != 4 || err != nil {
				return err
			}
			_, err := c.Read(buf)
			return err
		}, io.EOF},
		{"read of nothing", func(c net.Conn, _ *net.TCPConn) error { _, err := c.Read(nil); return err }, nil},
		{"write of nothing", func(c net.Conn, _ *net.TCPConn) error { _, err := c.Write(nil); return err }, nil},
		{"read past its deadline", func(c net.Conn, _ *net.TCPConn) error {
			_ = c.SetReadDeadline(past)
			_, err := c.Read(buf)
			return err
		}, os.ErrDeadlineExceeded},
		{"read whose deadline passes", func(c net.Conn, _ *net.TCPConn) error {
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			_, err := c.Read(buf)
			return err
		}, os.ErrDeadlineExceeded},
		{"read when closed", func(c net.Conn, _ *net.TCPConn) error { _ = c.Close(); _, err := c.Read(buf); return err }, net.ErrClosed},
		{"read that close ends", func(c net.Conn, _ *net.TCPConn) error {
			time.AfterFunc(10*time.Millisecond, func() { _ = c.Close() })
			_, err := c.Read(buf)
			return err
		}, net.ErrClosed},
		{"read after a reset", func(c net.Conn, other *net.TCPConn) error {
			_ = other.SetLinger(0)
			_ = other.Close()
			_, err := c.Read(buf)
			return err
		}, syscall.ECONNRESET},
		{"write after a reset", func(c net.Conn, other *net.TCPConn) error {
			_ = other.SetLinger(0)
			_ = other.Close()
			_, _ = c.Read(buf)
			_, err := c.Write(buf)
			return err
		}, syscall.EPIPE},
		{"write to one that does not read", func(c net.Conn, _ *net.TCPConn) error { return fill(c) }, os.ErrDeadlineExceeded},
		{"write when closed", func(c net.Conn, _ *net.TCPConn) error { _ = c.Close(); _, err := c.Write(buf); return err }, net.ErrClosed},
	} {
		direct, other := pair(t)
		got := tc.do(direct, other)
		ordinary, other := pair(t)
		expected := tc.do(ordinary.TCPConn, other)
		if !errors.Is(got, tc.want) || !errors.Is(expected, tc.want) || (got == nil) != (expected == nil) {
			t.Errorf("%s: %v; of package net: %v; want %v", tc.name, got, expected, tc.want)
		}
	}
}

// TestConn_WriteThatEndsEarly_SaysHowMuchWentOut holds that what was not written can be sent
// later.
func TestConn_WriteThatEndsEarly_SaysHowMuchWentOut(t *testing.T) {
	c, other := pair(t)
	piece := make([]byte, most)
	sent := 0
	for {
		_ = c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		n, err := c.Write(piece)
		if sent += n; err != nil {
			break
		}
	}
	_ = c.Close()
	got, err := io.Copy(io.Discard, other)
	if err != nil || got != int64(sent) {
		t.Errorf("%d bytes arrived of %d that were sent: %v", got, sent, err)
	}
}

func TestConn_ReadAndWrite_AllocateNothing(t *testing.T) {
	c, other := pair(t)
	go func() { _, _ = io.Copy(other, other) }()
	buf := make([]byte, 64)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := c.Write(buf); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a round trip", n)
	}
}

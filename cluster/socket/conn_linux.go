//go:build !race

package socket

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// most is how many bytes one call may move. More goes the ordinary way.
const most = 64 << 10

// Conn is a TCP connection whose reads and writes the scheduler is not told of. One
// goroutine may read and another one write at a time; all else is as with any connection.
type Conn struct {
	*net.TCPConn
	raw     syscall.RawConn
	in, out transfer
}

// transfer is a read or write under way.
type transfer struct {
	rest []byte
	n    int
	err  error
	step func(fd uintptr) bool // made once: a closure for each call would be allocated
}

// Direct returns conn with shorter reads and writes, if it is a TCP connection.
func Direct(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn // it is closed, which whoever uses it will notice
	}
	c := &Conn{TCPConn: tcp, raw: raw}
	c.in.step, c.out.step = c.in.read, c.out.write
	return c
}

// Read implements [net.Conn].
func (c *Conn) Read(b []byte) (int, error) {
	if len(b) == 0 || len(b) > most {
		return c.TCPConn.Read(b)
	}
	t := &c.in
	t.rest, t.n, t.err = b, 0, nil
	err := c.raw.Read(t.step)
	t.rest = nil
	switch {
	case err != nil:
		return 0, err
	case t.err != nil:
		return 0, c.failed("read", t.err)
	case t.n == 0:
		return 0, io.EOF
	}
	return t.n, nil
}

// Write implements [net.Conn].
func (c *Conn) Write(b []byte) (int, error) {
	if len(b) == 0 || len(b) > most {
		return c.TCPConn.Write(b)
	}
	t := &c.out
	t.rest, t.n, t.err = b, 0, nil
	err := c.raw.Write(t.step)
	t.rest = nil
	if err == nil && t.err != nil {
		err = c.failed("write", t.err)
	}
	return t.n, err
}

func (c *Conn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError(op, err)}
}

// read reads once. It returns false if nothing has arrived.
func (t *transfer) read(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&t.rest[0])), uintptr(len(t.rest)))
		switch errno {
		case 0:
			t.n = int(n)
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			t.err = errno
			return true
		}
	}
}

// write writes until all is written. It returns false if the socket takes no more for now.
func (t *transfer) write(fd uintptr) bool {
	for len(t.rest) > 0 {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&t.rest[0])), uintptr(len(t.rest)))
		switch errno {
		case 0:
			t.n += int(n)
			t.rest = t.rest[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			t.err = errno
			return true
		}
	}
	return true
}

package peer

import (
	"net"
	"time"
)

const (
	// inlineBody is the largest body that is copied into the outbox. A bigger one is
	// written from the sender's memory.
	inlineBody = 32 << 10
	// writeSlice bounds the bytes of one write call, so that its deadline measures
	// progress and not the size of a value.
	writeSlice = 1 << 20
	// writeTimeout breaks a stream whose peer reads nothing for 5 to 10 s. The deadline
	// is moved only when half of it has passed, because setting it costs as much as a
	// small frame.
	writeTimeout = 10 * time.Second
	// keepOutbox is the largest buffer that is kept for the next round.
	keepOutbox = 1 << 20
)

// outbox holds the frames that wait to be written on a stream, in order. Small frames
// lie one after another in buf; cuts says where big bodies are to be inserted.
type outbox struct {
	buf    []byte
	cuts   []cut
	bytes  int // of buf and cuts
	frames int
}

type cut struct {
	at   int // in buf
	body []byte
	id   uint64 // the request that pins the body; 0 if the outbox owns it
}

func (o *outbox) empty() bool { return len(o.buf) == 0 }

// add appends a frame. A body larger than inlineBody is referenced and not copied: the
// caller must keep it unchanged until it is written.
func (o *outbox) add(h header, body [][]byte) (referenced bool) {
	o.buf = h.append(o.buf)
	o.bytes += headerSize + int(h.length)
	o.frames++
	referenced = h.length > inlineBody
	for _, part := range body {
		if referenced && len(part) > 0 {
			o.cuts = append(o.cuts, cut{at: len(o.buf), body: part, id: h.id})
		} else {
			o.buf = append(o.buf, part...)
		}
	}
	return referenced
}

// addPiece appends a piece of a body, which is referenced and not copied.
func (o *outbox) addPiece(h header, parts [2][]byte) {
	o.buf = append(h.append(o.buf), parts[0]...)
	o.bytes += headerSize + int(h.length)
	o.frames++
	o.cuts = append(o.cuts, cut{at: len(o.buf), body: parts[1]})
}

func (o *outbox) reset() {
	clear(o.cuts)
	o.cuts, o.bytes, o.frames = o.cuts[:0], 0, 0
	if o.buf = o.buf[:0]; cap(o.buf) > keepOutbox {
		o.buf = nil
	}
}

// progress is called before and after each write.
type progress interface {
	begin() error
	done()
}

// writeTo writes the whole outbox to conn.
func (o *outbox) writeTo(conn net.Conn, vector *net.Buffers, p progress) error {
	parts := (*vector)[:0]
	from, size := 0, 0
	flush := func() error {
		if size == 0 {
			return nil
		}
		err := p.begin()
		if err == nil {
			err = write(conn, parts)
		}
		clear(parts)
		parts, size = parts[:0], 0
		p.done()
		return err
	}
	put := func(b []byte) error {
		for len(b) > 0 {
			n := min(len(b), writeSlice-size)
			parts = append(parts, b[:n])
			b = b[n:]
			if size += n; size == writeSlice {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, c := range o.cuts {
		if err := put(o.buf[from:c.at]); err != nil {
			return err
		}
		if err := put(c.body); err != nil {
			return err
		}
		from = c.at
	}
	if err := put(o.buf[from:]); err != nil {
		return err
	}
	err := flush()
	*vector = parts
	return err
}

func write(conn net.Conn, parts net.Buffers) error {
	if len(parts) == 1 {
		_, err := conn.Write(parts[0])
		return err
	}
	return writeVector(conn, parts)
}

// vectorWriter is a connection that wraps another one and writes several buffers
// with one system call.
type vectorWriter interface {
	WriteVector(parts *net.Buffers) (int64, error)
}

// writeVector writes parts with one system call. It is a function of its own because
// WriteTo makes parts escape to the heap.
// The usual write of one buffer avoids that allocation.
func writeVector(conn net.Conn, parts net.Buffers) error {
	if w, ok := conn.(vectorWriter); ok { // net.Buffers would not find the TCP connection inside
		_, err := w.WriteVector(&parts)
		return err
	}
	_, err := parts.WriteTo(conn)
	return err
}

package command

import (
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/resp"
)

// BatchMax is the most requests, or calls, of one batch.
const BatchMax = 1024

// spareArguments is the number of arguments that most commands have at most.
const spareArguments = 16

// Request is one request to the store and the update that it may carry, kept for
// reuse.
type Request struct {
	replica.Request
	update register.Update
}

func (r *Request) clear() {
	if r.Update != nil {
		r.update = register.Update{}
	}
	r.Reset()
}

// Batch collects the calls that arrived together, so that one call of the store
// carries out all of them. A session takes one from a pool while it works. So nothing is
// allocated in steady state, and an idle connection holds no batch.
type Batch struct {
	Calls    []Call
	Requests []*replica.Request // of all calls, in order
	Rendered []byte             // memory for replies, lent to the session's writer

	slab  []*Request // Requests points into its first len(Requests) elements
	arena [][]byte   // arguments of all calls
}

// Parse cuts one whole command into arguments, which alias it and live until
// Reset.
func (b *Batch) Parse(raw []byte, shape resp.Shape) (args [][]byte, err error) {
	if cap(b.arena)-len(b.arena) < spareArguments {
		b.arena = make([][]byte, 0, 2*cap(b.arena)+spareArguments) // older calls keep the old one
	}
	have := len(b.arena)
	args, err = resp.Split(b.arena[have:], raw, shape)
	if err != nil {
		return nil, err
	}
	if have+len(args) <= cap(b.arena) {
		b.arena = b.arena[:have+len(args)]
	} // else there were more than fit, and args have an array of their own
	return args[:len(args):len(args)], nil
}

// Add starts a call. The pointer is valid until the next Add.
func (b *Batch) Add(client *Client, r *Row, args [][]byte) *Call {
	b.Calls = append(b.Calls, Call{Client: client, Row: r, Args: args})
	return &b.Calls[len(b.Calls)-1]
}

// request adds a read of key.
func (b *Batch) request(key []byte) *Request {
	used := len(b.Requests)
	if used == len(b.slab) {
		b.slab = append(b.slab, new(Request))
	}
	r := b.slab[used]
	r.Key = key
	b.Requests = append(b.Requests, &r.Request)
	return r
}

// takeBack removes the requests of the newest call.
func (b *Batch) takeBack(c *Call) {
	for _, r := range c.Requests {
		r.clear()
	}
	b.Requests, c.Requests = b.Requests[:len(b.Requests)-len(c.Requests)], nil
}

// Reset makes the batch ready for the next commands.
func (b *Batch) Reset() {
	b.release()
	clear(b.Calls)
	clear(b.arena)
	b.Calls, b.arena = b.Calls[:0], b.arena[:0]
}

// release drops the requests and their results, so that a large value does not stay in
// memory as long as its connection.
func (b *Batch) release() {
	for _, r := range b.slab[:len(b.Requests)] {
		r.clear()
	}
	clear(b.Requests)
	b.Requests = b.Requests[:0]
}

// Shrink drops requests beyond BatchMax: a single command had more keys.
func (b *Batch) Shrink() {
	if len(b.slab) > BatchMax {
		clear(b.slab[BatchMax:])
		b.slab = b.slab[:BatchMax]
	}
}

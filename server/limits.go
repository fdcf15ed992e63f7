package server

import (
	"sync/atomic"

	"github.com/quorate/quorate/server/resp"
)

// limits are the bounds that CONFIG SET may move while clients are served.
type limits struct {
	protocol resp.Limits // of one command
	clients  atomic.Int64
	idle     atomic.Int64 // nanoseconds without a command; 0: for ever
	input    atomic.Int64 // bytes of one connection's unfinished commands
	output   atomic.Int64 // bytes of replies that one client has not read
	buffered atomic.Int64 // bytes of both, over all connections of this node
}

// budget counts the bytes that clients made this node buffer, beyond what each
// connection has from the start.
type budget struct {
	limits *limits
	used   atomic.Int64
}

// take asks for n bytes and tells whether they are granted.
func (b *budget) take(n int64) bool {
	if used := b.used.Add(n); used > b.limits.buffered.Load() {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }

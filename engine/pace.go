package engine

import (
	"context"
	"time"
)

// Work on many keys is done in pieces that take pacePiece or a little longer, with pauses
// between them while there are requests. A pause is paceFactor times as long as the piece before
// it took, and at least paceLeast and at most paceMost. So the work uses a quarter of one
// processor and of the disk. Ten million keys that are read at a start take half a minute.
const (
	pacePiece  = 500 * time.Microsecond
	paceFactor = 3
	paceLeast  = time.Millisecond
	paceMost   = 50 * time.Millisecond
)

// pacer knows how many operations requests have brought.
type pacer struct {
	db         *database
	operations func() int64 // since Open, of whatever kind
}

// pace is the pace of one piece of work after another, which one goroutine does.
type pace struct {
	*pacer
	seen  int64     // operations up to the end of the last pause
	began time.Time // the present piece
}

// begin begins the first piece.
func (p *pacer) begin() *pace { return &pace{pacer: p, seen: p.operations(), began: time.Now()} }

// pause ends a piece that has taken long enough and begins the next. In between it waits, if
// there were requests during the piece or the pause before it, at most until ctx ends or the
// store is closed.
func (p *pace) pause(ctx context.Context) {
	took := time.Since(p.began)
	if took < pacePiece {
		return
	}
	now := p.operations()
	if now != p.seen {
		timer := time.NewTimer(min(max(paceFactor*took, paceLeast), paceMost))
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-p.db.guard.closing:
		case <-timer.C:
		}
	}
	p.seen, p.began = now, time.Now()
}

package connection

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// Pause holds all commands, or all writes, until it is over, as CLIENT PAUSE asks.
// Commands under way are finished. The zero Pause is not in force.
type Pause struct {
	// Changed is called when a pause begins or ends early. It is set before use.
	Changed func()

	mu struct {
		sync.Mutex
		until time.Time
		scope Scope
		ended chan struct{} // closed when the pause ends early, or changes; nil: there is none
	}
}

// Scope says which commands a pause holds.
type Scope uint8

const (
	AllCommands Scope = iota
	WritesOnly
)

// Begin begins a pause, or prolongs the present one: of two ends the later counts,
// of two scopes the wider.
func (p *Pause) Begin(until time.Time, scope Scope) {
	p.begin(until, scope)
	p.Changed()
}

func (p *Pause) begin(until time.Time, scope Scope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.ended != nil {
		close(p.mu.ended)
		scope = min(scope, p.mu.scope)
		if p.mu.until.After(until) {
			until = p.mu.until
		}
	}
	p.mu.until, p.mu.scope, p.mu.ended = until, scope, make(chan struct{})
}

// End ends the pause.
func (p *Pause) End() {
	p.mu.Lock()
	if p.mu.ended != nil {
		close(p.mu.ended)
		p.mu.ended = nil
	}
	p.mu.Unlock()
	p.Changed()
}

// Left returns how long a command still has to wait, and a channel that is closed
// when the wait ends early.
func (p *Pause) Left(write bool) (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.ended == nil || p.mu.scope == WritesOnly && !write {
		return 0, nil
	}
	left := time.Until(p.mu.until)
	if left <= 0 {
		close(p.mu.ended)
		p.mu.ended = nil
	}
	return left, p.mu.ended
}

// InForce reports whether there is a pause.
func (p *Pause) InForce() bool {
	left, _ := p.Left(true)
	return left > 0
}

// runClientPause serves CLIENT PAUSE milliseconds [WRITE|ALL].
func (f *Family) runClientPause(_ context.Context, c *command.Call) {
	scope := AllCommands
	if len(c.Args) > 3 {
		switch {
		case resp.Is(c.Args[3], "WRITE"):
			scope = WritesOnly
		case !resp.Is(c.Args[3], "ALL"):
			c.Out.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
			return
		}
	}
	switch ms, ok := number.ParseInt(c.Args[2]); {
	case !ok || ms > math.MaxInt64/int64(time.Millisecond):
		c.Out.Error("ERR timeout is not an integer or out of range")
	case ms < 0:
		c.Out.Error("ERR timeout is negative")
	case len(c.Args) > 4:
		c.Out.Error(command.TextSyntax)
	default:
		f.Pause.Begin(time.Now().Add(time.Duration(ms)*time.Millisecond), scope)
		c.Out.OK()
	}
}

func (f *Family) runClientUnpause(_ context.Context, c *command.Call) {
	f.Pause.End()
	c.Out.OK()
}

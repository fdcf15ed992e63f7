package listcmd

import (
	"bytes"
	"context"
	"math/rand/v2"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/command"
)

// mostAttempts is how often LMOVE tries to move an item that others take at the same time.
const mostAttempts = 64

const textTaken = "TRYAGAIN other clients took every item that was about to be moved; nothing was moved"

// move is what LMOVE or RPOPLPUSH does.
type move struct {
	from, to       []byte
	atTail, toTail bool
}

// turns let the LMOVEs of this node that move from the same list go one after another, so that
// many clients that share a list as a queue do not race for its items. Each turn takes a
// bounded number of requests. Of each connection one waits at most.
type turns [64]chan struct{}

func newTurns() *turns {
	t := new(turns)
	for i := range t {
		t[i] = make(chan struct{}, 1)
	}
	return t
}

// take waits for the turn of a list. The turn ends with the function that it returns, or is not
// taken if ctx ends.
func (t *turns) take(ctx context.Context, key []byte) (end func(), err error) {
	turn := t[int(ring.SlotOf(key))%len(t)]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// runMove serves LMOVE source destination LEFT|RIGHT LEFT|RIGHT.
func (t *turns) runMove(ctx context.Context, c *command.Call) {
	atTail, fromOK := parseEnd(c.Args[3], collection.AtTail)
	toTail, toOK := parseEnd(c.Args[4], collection.ToTail)
	if !fromOK || !toOK {
		c.Out.Error(command.TextSyntax)
		return
	}
	t.run(ctx, c, move{from: c.Args[1], to: c.Args[2], atTail: atTail != 0, toTail: toTail != 0})
}

// runPopPush serves RPOPLPUSH source destination.
func (t *turns) runPopPush(ctx context.Context, c *command.Call) {
	t.run(ctx, c, move{from: c.Args[1], to: c.Args[2], atTail: true})
}

// run carries out a move. Within one list it is one update. Else the item is copied to its
// destination, and then removed from its source:
//
//  1. Read the source. The item at its end is the one to be moved.
//  2. Push the item to the destination.
//  3. Remove exactly that item from the source. If it is there no more, another client has
//     taken it: withdraw it from the destination, and begin again.
//
// A failure between the steps leaves the item in both lists rather than in none. Another client
// may see it in both meanwhile, and may pop it before it is withdrawn.
func (t *turns) run(ctx context.Context, c *command.Call, m move) {
	var flags collection.Flags
	if m.atTail {
		flags |= collection.AtTail
	}
	if bytes.Equal(m.from, m.to) {
		if m.toTail {
			flags |= collection.ToTail
		}
		r := c.ChangeNow(ctx, m.from, collection.Command{Op: collection.ListMove, Flags: flags, Seed: rand.Uint64()})
		if a, ok := c.Changed(r, nil); ok {
			c.Count(!a.None)
			command.ReplyTaken(c, a)
		}
		return
	}
	end, err := t.take(ctx, m.from)
	if err != nil {
		c.Fail(err)
		return
	}
	defer end()
	for range mostAttempts {
		if m.try(ctx, c) {
			return
		}
	}
	c.Out.Error(textTaken)
}

// try tries to move one item from a list to another, and answers. It returns false, without an
// answer, if another client has taken the item.
func (m *move) try(ctx context.Context, c *command.Call) (answered bool) {
	end := collection.Indexes{}
	if m.atTail {
		end = collection.Indexes{First: -1, Last: -1}
	}
	selected, _ := end.Selection()
	r := c.ReadSomeNow(ctx, m.from, selected)
	v, ok := c.View(r, object.Item)
	if !ok {
		return true
	}
	items := v.Items(&r.Object, c.Now)
	at, ok := items.Index(end.First)
	if !ok {
		c.Found(nil, false)
		return true
	}
	e, ok := items.At(at)
	if !ok {
		c.Fail(errNotRead)
		return true
	}
	name, item := bytes.Clone(e.Name), bytes.Clone(e.Data) // the request is about to be used again
	push := collection.Command{Op: collection.ListPush, Seed: rand.Uint64(), Args: [][]byte{item}}
	if m.toTail {
		push.Flags = collection.AtTail
	}
	if _, ok := c.Changed(c.ChangeNow(ctx, m.to, push), nil); !ok {
		return true
	}
	a, ok := c.Changed(c.ChangeNow(ctx, m.from, collection.Command{Op: collection.ListTake, Args: [][]byte{name, item}}), nil)
	if !ok {
		return true
	}
	if a.Number > 0 {
		c.Found(item, true)
		return true
	}
	_, ok = c.Changed(c.ChangeNow(ctx, m.to, collection.Command{Op: collection.ListWithdraw, Seed: push.Seed}), nil)
	return !ok
}

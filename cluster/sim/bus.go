package sim

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// answerTimeout is how long a request waits for its answer, as on a stream of the
// peer channel.
const answerTimeout = 2 * time.Second

// packet is a frame on its way: a request, or the answer to one.
type packet struct {
	at       time.Duration // when it was sent
	from, to *life
	addr     string // of whom it is to, if no life is named
	stream
	kind peer.Kind
	body []byte

	// Of requests. Gossip has no answer, and no completion.
	id      uint64
	done    peer.Completion
	part    int  // of the node, that waits for the answer; see runAll
	spoiled bool // a planted defect has acknowledged it

	// Of answers.
	answers *packet
	err     error
}

// sendFor is what the channel of a node does: it runs inside the node's bubble.
func (l *life) sendFor(part int, to ring.NodeID, by stream, kind peer.Kind, body []byte, done peer.Completion) {
	target := l.connection(to)
	if target == nil {
		done.Complete(to, nil, peer.ErrNotSent)
		return
	}
	l.post(&packet{at: l.bubble.now(), from: l, to: target, stream: by, kind: kind, body: bytes.Clone(body), done: done, part: part})
}

func (l *life) post(p *packet) {
	l.mu.Lock()
	l.outbox = append(l.outbox, p)
	l.mu.Unlock()
}

// Answer posts the answer to a request that this node serves.
func (p *packet) Answer(body []byte, err error) {
	p.to.post(&packet{at: p.to.bubble.now(), from: p.to, to: p.from, stream: p.stream, kind: p.kind, body: body, err: err, answers: p})
}

// Send, SendLane, Call, Available, Connected and WaitTime make a life the peer channel of its parts.
func (l *life) Send(to ring.NodeID, class peer.Class, kind peer.Kind, body []byte, done peer.Completion) {
	l.sendFor(0, to, stream{class: class}, kind, body, done)
}

// SendLane sends by a lane of the foreground.
func (l *life) SendLane(to ring.NodeID, lane peer.Lane, kind peer.Kind, body peer.Body, done peer.Completion) {
	l.sendFor(0, to, stream{class: peer.Foreground, lane: lane}, kind, slices.Concat(body.Head, body.Tail), done)
}

// Call sends and waits.
func (l *life) Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	reply := peer.NewFuture()
	l.sendFor(part(ctx), to, stream{class: class}, kind, body, reply)
	return reply.Wait(ctx)
}

// CallAddr sends to whoever listens at an address, and waits.
func (l *life) CallAddr(ctx context.Context, addr string, kind peer.Kind, body []byte) ([]byte, error) {
	reply := peer.NewFuture()
	l.post(&packet{at: l.bubble.now(), from: l, addr: addr, stream: stream{class: peer.Foreground}, kind: kind, body: bytes.Clone(body), done: reply, part: part(ctx)})
	return reply.Wait(ctx)
}

// Available is what this node's failure detector believes.
func (l *life) Available(id ring.NodeID) bool { return l.connection(id) != nil }

// Connected is the same in a simulation, whose nodes are never silent for a moment.
func (l *life) Connected(id ring.NodeID) bool { return l.Available(id) }

// connection is the life of another node that this one believes it can talk to, or
// nil.
func (l *life) connection(to ring.NodeID) *life {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peers[to]
}

func (l *life) connect(to ring.NodeID, other *life) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.peers[to] = other
}

// Knows reports that all nodes are of one version.
func (l *life) Knows(ring.NodeID, peer.Feature) bool { return true }

// WaitTime differs from node to node, so that no two of them give up at once.
func (l *life) WaitTime(id ring.NodeID) time.Duration {
	d := 50*time.Millisecond + time.Duration(uint64(id)%9973)
	if l.node.in.opts.Faults&FaultLag != 0 {
		d += mostLag
	}
	return d
}

// sortPackets brings what was sent within one step into an order that does not depend on
// which goroutine was first. Two parts of a node may send the same to the same node: what
// each does when it has its answer differs.
func sortPackets(all []*packet) {
	slices.SortStableFunc(all, func(a, b *packet) int {
		if c := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.target(), b.target()),
			cmp.Compare(a.kind, b.kind), cmp.Compare(a.class, b.class), cmp.Compare(a.lane, b.lane)); c != 0 {
			return c
		}
		if (a.answers == nil) != (b.answers == nil) {
			if a.answers == nil {
				return -1
			}
			return 1
		}
		if a.answers != nil {
			if c := cmp.Compare(a.answers.id, b.answers.id); c != 0 {
				return c
			}
		}
		return cmp.Or(bytes.Compare(a.body, b.body), cmp.Compare(a.part, b.part))
	})
}

// collect decides about everything that a node sent and finished in a step.
func (c *cluster) collect(l *life) {
	l.mu.Lock()
	sent, finished, moved, ending := l.outbox, l.finished, l.moved, l.ending
	l.outbox, l.finished, l.moved, l.ending = nil, nil, false, nil
	l.mu.Unlock()
	sortPackets(sent)
	for _, p := range sent {
		c.route(p)
	}
	slices.SortFunc(finished, func(a, b *op) int { return cmp.Compare(a.id, b.id) })
	for _, o := range finished {
		c.users.answered(o)
	}
	if moved {
		for _, other := range c.nodes {
			c.detectSoon(l.node, other, false)
		}
	}
	if ending != nil {
		c.after(0, func() { c.exit(l, ending) })
	}
}

// route decides what becomes of a packet.
func (c *cluster) route(p *packet) {
	if c.frames.sent++; p.done != nil {
		c.frames.requests++
		p.id = c.frames.requests
		p.from.pending[p.id] = p
		c.frames.waiting = max(c.frames.waiting, len(p.from.pending))
		if c.opts.defect == defectPile {
			return
		}
		c.after(answerTimeout, func() { c.complete(p, nil, peer.ErrTimeout) })
		if p.to == nil {
			p.to = c.listener(p.addr)
		}
		if p.to == nil {
			c.after(time.Millisecond, func() { c.complete(p, nil, peer.ErrUnavailable) })
			return
		}
	}
	link := c.link(p.from.node, p.to.node)
	switch {
	case link.cut:
		c.note("%s swallowed by the cut", p)
		return
	case c.chance(FaultLoss, link.lossy, 100):
		c.note("%s lost", p)
		return
	}
	delay := c.delay(link)
	at := max(p.at, c.now) + delay
	if !c.chance(FaultReorder, 5, 100) {
		at = max(at, link.last[p.stream]+time.Microsecond)
		link.last[p.stream] = at
	}
	at += p.lag(c)
	c.at(at, func() { c.deliver(p) })
	if c.opts.defect == defectStorm && repeatable(p.kind) {
		for i := range 50 {
			c.at(at+time.Duration(i)*time.Millisecond, func() { c.deliver(p) })
		}
	}
	if c.opts.defect == defectAgain && p.answers == nil && p.kind == peer.Forward {
		c.at(at+2*time.Millisecond, func() { c.deliver(p) })
	}
	if p.answers == nil && repeatable(p.kind) && c.chance(FaultDuplicate, 2, 100) {
		c.at(at+c.delay(link), func() { c.deliver(p) })
	}
}

// repeatable says that a frame may come twice without harm: what it asks is the
// merge of an object, or a look.
func repeatable(k peer.Kind) bool { return k != peer.Forward && k != peer.Join }

// deliver brings a packet to its node, which may be gone or frozen.
func (c *cluster) deliver(p *packet) {
	c.frames.arrived++
	if p.to.over {
		c.note("%s: nobody there", p)
		return
	}
	if link := c.link(p.from.node, p.to.node); link.cut {
		c.note("%s swallowed by the cut", p)
		return
	}
	if p.answers != nil {
		c.complete(p.answers, p.body, p.err)
		return
	}
	c.give(p.to, func() {
		c.note("%s", p)
		if p.kind == gossipKind {
			c.step(p.to, func() { p.to.hear(p) })
			return
		}
		if c.spoil(p) {
			return
		}
		class := c.misclass(p)
		body := c.misread(p)
		c.step(p.to, func() {
			r := peer.NewRequest(p.from.node.id, class, p.kind, body, p)
			p.to.mux.ServePeer([]*peer.Request{r})
		})
	})
}

// complete ends a request, unless it has ended before.
func (c *cluster) complete(p *packet, body []byte, err error) {
	if p.from.over || p.from.pending[p.id] == nil {
		return
	}
	delete(p.from.pending, p.id)
	if err == nil && p.kind == peer.Write && p.class == peer.Background && len(body) == 0 {
		c.users.delivered(p) // all of it
	}
	if err != nil && err != peer.ErrTimeout && err != peer.ErrUnavailable {
		err = &peer.RemoteError{Kind: p.kind, Message: err.Error()}
	}
	if c.opts.defect == defectDeafSet && err == nil && p.kind == peer.Write {
		body = nil
	}
	c.give(p.from, func() {
		c.note("%s answered %s %v", p, brief(body), err)
		c.step(p.from, func() { p.done.Complete(p.to.id(), body, err) })
	})
}

// give hands a node something to do, now or when it goes on.
func (c *cluster) give(l *life, f func()) {
	switch {
	case l.over:
	case l.frozen:
		l.held = append(l.held, f)
	default:
		f()
	}
}

// step runs f inside a node and takes what comes of it.
func (c *cluster) step(l *life, f func()) {
	if l.over {
		return
	}
	// No two steps at one instant: timers that they set would fire at once.
	l.bubble.advance(l.bubble.at + 3*time.Nanosecond)
	l.bubble.do(f)
	c.collect(l)
}

// target names whom the packet is to.
func (p *packet) target() string {
	if p.to == nil {
		return p.addr
	}
	return p.to.node.name
}

// id is the node's; 0 if there is none.
func (l *life) id() ring.NodeID {
	if l == nil {
		return 0
	}
	return l.node.id
}

func (p *packet) String() string {
	if p.answers != nil {
		return "answer to " + p.answers.String()
	}
	return p.from.node.name + ">" + p.target() + " kind " + strconv.Itoa(int(p.kind)) + " #" + strconv.FormatUint(p.id, 10) + " " + brief(p.body)
}

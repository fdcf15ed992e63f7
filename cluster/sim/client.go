package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/replica"
)

// clientTimeout is how long a client waits for an answer before it goes on
// without knowing what became of its request.
const clientTimeout = 4 * time.Second

// client asks one thing at a time. A careful one has a key of its own, which it
// writes with the context of what it saw last; a careless one shares keys with
// others, and mixes plain commands with contexts.
type client struct {
	name    string
	careful bool
	key     string // of a careful one
	waiting *op
	tokens  map[string]string // what it saw last, by key; as a client holds it
	writes  int
}

// action is what an op does.
type action uint8

const (
	actionGet action = iota
	actionSet
	actionDelete
	actionIncrement
	actionSetIfAbsent
	actionExpire
	actionClear
	actionAdd    // of an element
	actionRemove // of an element
	actionPersist
	actionAssign // of a number to a tally
	actionTrim   // of a stream
)

// outcome is what a client knows of its request.
type outcome uint8

const (
	pending outcome = iota
	succeeded
	unknown // it may have taken effect
	refused // it has had no effect
)

// op is one request of a client, and all that is known about it.
type op struct {
	id     int
	client *client
	node   *node
	life   *life // of the node, which was asked
	key    string
	action action
	value  string        // actionSet, actionSetIfAbsent, actionAssign, actionAdd to a hash: no other op writes the same
	name   string        // actionAdd, actionRemove, a read of one name: of the element; of an addition to a stream: the id that it was answered with
	seed   uint64        // actionAdd to a stream
	expiry time.Duration // actionSet, actionExpire: when it expires; 0: never
	plain  bool          // no context was given
	reads  reading       // actionGet of a collection

	seen    causal.Context
	start   time.Duration
	end     time.Duration
	outcome outcome
	request replica.Request
}

func (o *op) String() string {
	verb := [...]string{"GET", "SET", "DEL", "INCR", "SETNX", "PEXPIREAT", "FLUSHALL", "ADD", "REMOVE", "PERSIST", "ASSIGN", "TRIM"}[o.action]
	if o.reads == readHead {
		verb = "HEAD"
	}
	text := fmt.Sprintf("%s %s %s", o.client.name, verb, o.key)
	text += strings.TrimRight(" "+o.name, " ")
	text += strings.TrimRight(" "+o.value, " ")
	if o.expiry > 0 {
		text += " until " + o.expiry.String()
	}
	if !o.plain && o.action != actionGet {
		text += " CONTEXT"
	}
	return fmt.Sprintf("%s at %s (op %d)", text, o.node.name, o.id)
}

// covers says that the client had seen an event when it wrote.
func (o *op) covers(d causal.Dot) bool { return d.Counter > 0 && o.seen.Covers(d) }

// workload is the clients of a run, and what they asked.
type workload struct {
	*cluster
	checks  *checker
	clients []*client
	history *history

	assigned int               // to a tally, last
	before   map[string]answer // of misanswer
}

// begin makes the clients, which ask from then on until the faults end.
func (w *workload) begin() {
	for i := range w.opts.Clients {
		c := &client{name: fmt.Sprintf("c%d", i), careful: i == 0 || w.rng.IntN(3) == 0, tokens: make(map[string]string)}
		if c.careful {
			c.key = "own-" + c.name
			c.tokens[c.key] = string(causal.ContextTokensOf([]byte(c.key)).Append(nil, causal.Context{}))
		}
		w.clients = append(w.clients, c)
		w.think(c)
	}
}

// waiting reports whether a client waits for an answer.
func (w *workload) waiting() bool {
	return slices.ContainsFunc(w.clients, func(c *client) bool { return c.waiting != nil })
}

// think schedules a client's next request.
func (w *workload) think(c *client) {
	pause := time.Millisecond + time.Duration(w.rng.Int64N(int64(40*time.Millisecond)))
	if w.rng.IntN(20) == 0 {
		pause += time.Duration(w.rng.Int64N(int64(time.Second)))
	}
	w.after(pause, func() {
		if !w.healed {
			w.ask(c)
		}
	})
}

// ask lets a client send its next request to some node that is up.
func (w *workload) ask(c *client) {
	o := &op{client: c, key: c.key, plain: true}
	if w.special(o) {
		if o.node = w.entry(o.key); !o.node.serves() {
			w.think(c)
			return
		}
		token := string(causal.ContextTokensOf([]byte(o.key)).Append(nil, causal.Context{}))
		if o.isOfElements() && !o.plain {
			token = c.tokens[o.key]
		}
		w.send(o, token)
		return
	}
	if !c.careful {
		o.key = fmt.Sprintf("shared%d", w.rng.IntN(w.opts.Keys))
	}
	if o.node = w.entry(o.key); !o.node.serves() {
		w.think(c) // connection refused
		return
	}
	switch roll := w.rng.IntN(10); {
	case roll < 4:
		o.action = actionGet
	case roll < 8:
		o.action = actionSet
	default:
		o.action = actionDelete
	}
	token, has := c.tokens[o.key]
	if c.careful && !has {
		o.action = actionGet
	}
	if o.action != actionGet && (c.careful || has && w.rng.IntN(2) == 0) {
		o.plain = false
	}
	if o.action == actionSet {
		o.value = c.newValue()
	}
	w.send(o, token)
}

// entry is the node that a client asks about a key: a primary of it, as a client
// that knows the ring would, or any node.
func (w *workload) entry(key string) *node {
	if w.opts.Faults&FaultForwards != 0 && w.rng.IntN(2) == 0 {
		return w.nodes[w.rng.IntN(len(w.nodes))]
	}
	primaries := w.ring().Primaries(w.ring().PartitionOf([]byte(key)))
	n := w.byID[primaries[w.rng.IntN(len(primaries))]]
	if w.twin != nil && w.twin.id == n.id && w.twin.life != nil && w.rng.IntN(2) == 0 {
		return w.twin
	}
	return n
}

// send brings an op to its node.
func (w *workload) send(o *op, token string) {
	w.history.add(o)
	o.start = w.now
	r := &o.request
	r.Key = []byte(o.key)
	o.limitTo(r)
	if o.action != actionGet && o.action != actionClear {
		r.Update = o.update()
		if !o.plain {
			var err error
			if o.seen, err = causal.ContextTokensOf(r.Key).Parse([]byte(token)); err != nil {
				w.fail("%v: its own token is refused: %v", o, err)
				return
			}
			r.Update.HasContext, r.Update.Context = true, o.seen
			if w.opts.defect == defectContext {
				r.Update.Context = causal.Context{}
			}
			if w.opts.defect == defectUnseen && o.action == actionRemove {
				r.Update.HasContext = false
			}
		}
		w.misdirect(o)
	}
	o.client.waiting = o
	l := o.node.life
	o.life = l
	w.note("%v", o)
	w.after(clientTimeout, func() { w.giveUp(o) })
	w.give(l, func() {
		w.step(l, func() {
			go func() {
				if o.action == actionClear {
					l.flush(o)
					return
				}
				if w.opts.defect == defectRepeat && o.action == actionIncrement {
					l.coordinator.Do(context.Background(), []*replica.Request{{Key: r.Key, Update: o.update()}})
				}
				l.coordinator.Do(context.Background(), []*replica.Request{r})
				hinted(l, o)
				l.finish(o)
			}()
		})
	})
}

// finish notes that a request of a client is answered.
func (l *life) finish(o *op) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finished = append(l.finished, o)
}

// giveUp ends the wait for an answer that does not come.
func (w *workload) giveUp(o *op) {
	if o.outcome != pending {
		return
	}
	w.note("%v: no answer", o)
	o.outcome, o.end = unknown, w.now
	o.client.waiting = nil
	w.think(o.client)
}

// delivered has the checker look at a background write.
func (w *workload) delivered(p *packet) { w.checks.checkDelivered(p) }

// answered takes a node's answer to a client.
func (w *workload) answered(o *op) {
	if o.outcome != pending {
		return // the client has gone
	}
	o.end = w.now
	o.client.waiting = nil
	r := &o.request
	if o.outcome = succeeded; r.Err != nil || r.Result.Failure != register.None {
		o.outcome = unknown
	}
	if errors.Is(r.Err, errNoClear) {
		o.outcome = refused
	}
	switch w.opts.defect {
	case defectStale:
		r.Object = object.Object{}
	case defectLocks:
		r.Result.Applied = true
	}
	w.misanswer(o)
	if o.outcome == succeeded && o.isOfStream() && o.action == actionAdd && !o.takeID() {
		o.outcome = refused
		w.fail("refused: %v got no id", o)
	}
	w.note("%v: %v, %v", o, describe(&r.Object), r.Err)
	c := o.client
	w.checks.checkAnswered(o)
	if o.outcome == succeeded {
		switch {
		case o.action == actionGet:
			w.checks.checkRead(o)
			if o.reads == readWhole { // others are given no context
				c.tokens[o.key] = string(causal.ContextTokensOf(r.Key).Append(nil, r.Object.Context()))
			}
		case !o.plain:
			c.tokens[o.key] = string(causal.ContextTokensOf(r.Key).Append(nil, r.Result.Context))
		}
	}
	w.think(c)
}

// describe shows an object in a trace.
func describe(o *object.Object) string {
	text := ""
	for i := range o.Siblings {
		v := &o.Siblings[i]
		data := string(v.Data)
		if v.Tombstone {
			data = "†"
		}
		if v.Stripped {
			data = "expired"
		}
		text += fmt.Sprintf(" %s@%x.%d.%d", data, uint64(v.Dot.Actor.Node)&0xffff, v.Dot.Actor.Epoch, v.Dot.Counter)
	}
	for i := range o.Elements {
		e := &o.Elements[i]
		name, data := string(e.Name), string(e.Data)
		switch e.Kind {
		case object.Item:
			name = "item"
		case object.Entry:
			name, data = collection.IDOf(e).String(), valueOf(e)
		}
		text += fmt.Sprintf(" %s=%s@%x.%d.%d", name, data, uint64(e.Dot.Actor.Node)&0xffff, e.Dot.Actor.Epoch, e.Dot.Counter)
	}
	if o.Rest.Names > 0 {
		text += fmt.Sprintf(" and %d others", o.Rest.Names)
	}
	return "[" + text + " ]"
}

package sim

import (
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Defects of collections that are kept element by element, in what nodes send one another and in
// what they answer.

// misdelta spoils a frame of deltas on its way, if the run is to break a rule in that way.
func misdelta(c *cluster, p *packet) []byte {
	return rewriteDeltas(p.body, func(d *object.Delta) {
		switch {
		case c.opts.defect == defectBase:
			d.Base, d.Object.Gaps = causal.Context{}, nil
		case c.opts.defect == defectCell:
			d.Names, d.Object.Elements = nil, nil
		}
	})
}

// rewriteDeltas changes the items of a frame of deltas.
func rewriteDeltas(body []byte, change func(*object.Delta)) []byte {
	r := wire.NewReader(body)
	n, mark := message.ReadHead(&r)
	out := message.AppendHead(nil, n, mark)
	for range n {
		w := message.ReadWrite(&r)
		d, err := object.DecodeDelta(w.Object)
		if err != nil {
			panic(err)
		}
		change(&d)
		w.Object = d.Append(nil)
		out = w.Append(out)
	}
	if err := r.Done("delta"); err != nil {
		panic(err)
	}
	return out
}

// answer is what a client was answered of some elements of a collection.
type answer struct {
	elements object.Elements // of the name that was read
	rest     object.Rest
}

// misanswer gives a read of some elements the elements or the totals that the one before was
// answered with, beside the clock of now, or the type of a list, if the run is to break a rule in
// that way.
func (w *workload) misanswer(o *op) {
	shown := &o.request.Object
	if o.reads == readWhole || o.outcome != succeeded || shown.Rest.Names == 0 {
		return
	}
	ofName := func(e object.Element) bool { return e.Kind == o.kind() && string(e.Name) == o.name }
	read := o.key + " " + o.name
	before, known := w.before[read]
	if w.before == nil {
		w.before = make(map[string]answer)
	}
	w.before[read] = answer{elements: shown.Elements.Of(o.kind(), []byte(o.name)), rest: shown.Rest}
	switch {
	case !known:
	case w.opts.defect == defectTorn && o.reads == readName:
		shown.Elements = append(slices.DeleteFunc(slices.Clone(shown.Elements), ofName), before.elements...)
	case w.opts.defect == defectTotals:
		shown.Rest = before.rest
	case w.opts.defect == defectType:
		shown.Rest.Kind = object.Item
	}
}

// hinted gives a read of some elements what its node keeps of the key for other nodes, in place of
// what it holds itself. It runs inside the node.
func hinted(l *life, o *op) {
	if l.node.in.opts.defect != defectHinted || o.reads == readWhole {
		return
	}
	encoded, found, err := l.store.Hints().Get(l.ring().PartitionOf(o.request.Key), o.request.Key, nil)
	if !found || err != nil { // it may be about to end
		return
	}
	if o.request.Object, err = object.Decode(encoded); err != nil {
		panic(err)
	}
}

// missed is what a node does about another one that has missed a change of a large collection.
func missed(l *life, id ring.NodeID) {
	if l.node.in.opts.defect != defectMissed {
		l.scheduler.Missed(id)
	}
}

// redeliverFor is how long a node sends a change of a large collection again to one that did not take
// it. Where the comparison that follows is to be seen missing, it gives up at once.
func (o Options) redeliverFor() time.Duration {
	if o.defect == defectMissed {
		return time.Nanosecond
	}
	return 3 * time.Second
}

// rarely is a tick of comparisons that comes in no run.
const rarely = time.Hour

// antiEntropyTick is how often a node compares its copies with those of others, if nothing
// triggers it.
func (o Options) antiEntropyTick() time.Duration {
	if o.rare {
		return rarely
	}
	return antiEntropyTick
}

package sim

import (
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// misread spoils a forwarded update or a delta on its way, if the run is to.
func (c *cluster) misread(kind peer.Kind, body []byte) []byte {
	switch d := c.opts.defect; {
	case kind == peer.Forward && (d == defectOrigins || d == defectAgain):
		// The number of the frame makes the origin one that no other frame has.
		return rewriteForwards(body, func(f *message.Forward) { f.Origin.Life ^= causal.Life(c.frames.requests+1) << 32 })
	case kind == peer.Delta && d == defectBase:
		return rewriteDeltas(body, func(d *object.Delta) { d.Base, d.Object.Gaps = causal.Context{}, nil })
	}
	return body
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

// rewriteForwards changes the items of a forward.
func rewriteForwards(body []byte, change func(*message.Forward)) []byte {
	d := wire.NewReader(body)
	out := message.ReadForwardHeader(&d).Append(nil)
	n := message.ReadCount(&d)
	out = message.AppendCount(out, n)
	for range n {
		f := message.ReadForward(&d)
		change(&f)
		out = f.Append(out)
	}
	if err := d.Done("forward"); err != nil {
		panic(err)
	}
	return out
}

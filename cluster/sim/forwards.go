package sim

import (
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// misread spoils a forwarded update or a delta on its way, if the run is to.
func (c *cluster) misread(p *packet) []byte {
	switch d := c.opts.defect; {
	case p.kind == peer.Forward && (d == defectOrigins || d == defectAgain):
		// The number of the frame makes the origin one that no other frame has.
		return rewriteForwards(p.body, func(f *message.Forward) { f.Origin.Life ^= causal.Life(c.frames.requests+1) << 32 })
	case p.kind == peer.Delta && (d == defectBase || d == defectCell):
		return misdelta(c, p)
	}
	return p.body
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

package membership

import (
	"context"
	"errors"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// ErrLeft ends AwaitLeave when the node has left the ring, and others have everything
// that it held.
var ErrLeft = errors.New("the node has left the cluster")

// AwaitLeave waits until this node has left the ring and drained reports that it holds
// nothing which others lack. It returns [ErrLeft] then, and nil if ctx ends first.
func (m *Membership) AwaitLeave(ctx context.Context, drained func() bool) error {
	const seldom, often = time.Second, 100 * time.Millisecond
	tick := time.NewTicker(seldom)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		self, known := m.state.Ring().Member(m.id)
		if !known || self.Status == ring.Up {
			continue
		}
		tick.Reset(often)
		if self.Status == ring.Removed && drained() {
			m.log.Info("this node has left the ring, and all its data is handed over")
			return ErrLeft
		}
	}
}

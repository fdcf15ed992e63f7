package membership

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

const (
	confirmPause = 100 * time.Millisecond // between two rounds of questions
	// confirmPatience is for how long a member that answers, and does not take the layout
	// in, is asked again.
	confirmPatience = 30 * time.Second
	endedPause      = time.Second // between two looks at nodes that have left
)

// confirmation is the layout that this node is confirming: see [ring.State.Confirm].
type confirmation struct {
	number uint64
	since  time.Time
}

// confirm finds out when all members that can be reached have the layout in force, after
// each flip of the ring, until ctx ends. Only then writes leave the former primaries out. A
// member that cannot be reached is not waited for: it makes no quorum with those that can,
// and when it can be reached again, ring states are exchanged.
//
// A node that has left serves its clients until it ends. So it is told of changes like a
// member, as long as it can be reached.
func (m *Membership) confirm(ctx context.Context) error {
	var c confirmation
	for {
		var again <-chan time.Time
		if confirmed, running := m.confirmOnce(ctx, &c); !confirmed {
			again = time.After(confirmPause)
		} else if running > 0 {
			again = time.After(endedPause)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.flipped:
		case <-again:
		}
	}
}

// confirmOnce asks all members, and reports whether nothing is left to confirm. Then it also
// forgets the nodes that have left and cannot be reached, and returns how many others have left.
func (m *Membership) confirmOnce(ctx context.Context, c *confirmation) (confirmed bool, running int) {
	view := m.state.Ring()
	if view.Unconfirmed() {
		if c.number != view.LayoutNumber() {
			*c = confirmation{number: view.LayoutNumber(), since: time.Now()}
		}
		if err := m.disseminator.ExchangeAll(ctx); err != nil {
			if time.Since(c.since) < confirmPatience || ctx.Err() != nil {
				return false, 0
			}
			m.log.Warn("a member does not take in a change of the ring, and is not waited for any longer", "err", err)
		}
	}
	var ended []ring.NodeID
	for _, node := range m.state.Ring().Left() {
		if node.ID != m.id && m.cfg.Channel.Available(node.ID) {
			running++
		} else {
			ended = append(ended, node.ID)
		}
	}
	m.state.Confirm(c.number, ended...)
	return !m.state.Ring().Unconfirmed(), running
}

package admin

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/admin/fanout"
)

// backend holds what all handlers need: the process and its node, the other ports, and
// the ring as the node last knew it. The port outlives its node: with that ring it still
// shows the cluster and reaches the others while the node is killed.
type backend struct {
	cfg   Config
	log   *slog.Logger
	ports *fanout.Ports
	last  atomic.Pointer[fanout.Snapshot] // nil: the node has not had a ring yet
	syncs syncTimes                       // of the node's store
}

// node returns the node behind the port, if it is ready.
func (b *backend) node() (Node, error) {
	node, err := b.cfg.Process.Node()
	if err != nil {
		return Node{}, err
	}
	if !isReady(node) {
		return Node{}, errNotReady
	}
	b.last.Store(snapshotOf(node))
	return node, nil
}

// snapshotOf returns the ring as a node knows it now.
func snapshotOf(node Node) *fanout.Snapshot {
	return &fanout.Snapshot{Self: node.Name(), Ring: node.Ring()}
}

// snapshot returns the newest ring that the node had. If it has had none since the
// process started, the error says why the node does not run.
func (b *backend) snapshot() (*fanout.Snapshot, error) {
	_, err := b.node()
	if last := b.last.Load(); last != nil {
		return last, nil
	}
	return nil, err
}

// snapshotInterval is how often the port reads its node's ring without a request.
const snapshotInterval = time.Second

// remember takes snapshots until ctx ends.
func (b *backend) remember(ctx context.Context) error {
	tick := time.NewTicker(snapshotInterval)
	defer tick.Stop()
	for {
		_, _ = b.node()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func isReady(node Node) bool {
	select {
	case <-node.Ready():
		return true
	default:
		return false
	}
}

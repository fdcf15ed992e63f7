package membership

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// Caller is a member of a cluster that takes this node for a member too.
type Caller struct {
	Name, Cluster string
}

// ErrNamed refuses to found a cluster at an address that a cluster has for a member of its own.
var ErrNamed = errors.New("a cluster takes this node for a member of it, whose data directory is empty now")

// awaitNobody waits until no member of a cluster has called this node for long enough.
// Members dial each other every few seconds. One that calls a node without a ring shows
// that the node had a place in its cluster: its disk was lost, and what it would found
// is a second cluster that clients take for the first.
func (b *bootstrap) awaitNobody(ctx context.Context) error {
	if b.start.FoundAfter <= 0 {
		return nil
	}
	b.log.Info("listening for a cluster that this node may have belonged to, before it founds one", "wait", b.start.FoundAfter)
	select {
	case by := <-b.callers:
		return fmt.Errorf("%s of cluster %s calls: %w: start it with --replace --join and a peer address of that cluster to take its place again, or with --found to found another cluster", by.Name, by.Cluster, ErrNamed)
	case <-time.After(b.start.FoundAfter):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// found founds a cluster of this node.
func (b *bootstrap) found() error {
	b.log.Info("founding a cluster of one")
	return b.state.Adopt(ring.NewState(newClusterID(), b.start.Partitions, b.start.Quorums, b.self))
}

// errAbsent ends the search for a cluster to join: there is none.
var errAbsent = errors.New("no address is that of a member of a cluster")

// errNowhere says that there was nobody to ask.
var errNowhere = errors.New("no address to ask but this node's own")

// absent reports whether the errors of all addresses show that no member of a cluster is
// there: the name is not known, or the node that answers has no ring. A node that does not
// answer may be a member.
func absent(errs []error) bool {
	for _, err := range errs {
		var name *net.DNSError
		var refused *peer.RefusedError
		switch {
		case errors.Is(err, errNowhere):
		case errors.As(err, &name) && name.IsNotFound:
		case errors.As(err, &refused) && refused.Reason == peer.RefusedNotJoined:
		default:
			return false
		}
	}
	return true
}

// newClusterID is 128 random bits.
func newClusterID() string {
	id, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128)) // never fails, see crypto/rand
	return fmt.Sprintf("%032x", id)
}

package membership

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"
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

// newClusterID is 128 random bits.
func newClusterID() string {
	id, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128)) // never fails, see crypto/rand
	return fmt.Sprintf("%032x", id)
}

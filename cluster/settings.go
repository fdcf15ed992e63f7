package cluster

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/membership"
)

// settingsPatience is how long a node that has no copy of the cluster's settings waits
// for one before it serves.
const settingsPatience = 5 * time.Second

// Policy returns the rule by which plain reads resolve siblings.
func (n *Node) Policy() register.Policy { return n.settings.Policy() }

// SetPolicy changes the conflict policy of the whole cluster. It returns once this node
// has saved the change and told every member that it can reach; the others learn of it
// by gossip. On an error nothing has changed.
func (n *Node) SetPolicy(ctx context.Context, p register.Policy) error {
	return n.disseminator.Change(ctx, func(d *settings.Document) error { return d.SetPolicy(n.id, p) })
}

// Settings returns the settings of the whole cluster as this node has them. The caller
// must not change them.
func (n *Node) Settings() *settings.Document { return n.settings.Document() }

// foundSettings makes what the flags of a founder say the settings of its cluster.
func (n *Node) foundSettings(origin membership.Origin) error {
	if origin != membership.Founded {
		return nil
	}
	return n.settings.Merge(settings.Founded(n.cfg.Policy))
}

// awaitSettings gets the cluster's settings for a node that has none of its own: it has
// just joined, or its ring was made by a version without such settings. The flag of a
// node that joins is not written. That of a node with an old ring is, and is weaker than
// everything else.
func (n *Node) awaitSettings(ctx context.Context, origin membership.Origin) error {
	if n.settings.Digest() == 0 {
		n.disseminator.Fetch(ctx, settingsPatience)
	}
	if n.settings.Digest() == 0 && origin == membership.Loaded && ctx.Err() == nil {
		if err := n.settings.Merge(settings.Assumed(n.cfg.Policy)); err != nil {
			return err
		}
	}
	if now := n.Policy(); now != n.cfg.Policy {
		n.log.Info("the conflict policy is the cluster's, not that of this node's flag", "policy", now, "flag", n.cfg.Policy)
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// watched is a cluster whose change is waited for.
type watched interface {
	Cluster(context.Context) (api.Cluster, error)
	Operations(context.Context) (api.Operations, error)
}

// await looks at the cluster until done returns a last word or an error, and shows the progress
// of its operations meanwhile. The end of ctx ends the wait, and nothing else.
func (p *progress) await(ctx context.Context, cluster watched, done func(api.Cluster, error) (last string, err error)) error {
	return p.during(ctx, cluster, func() (string, error) {
		for {
			view, err := cluster.Cluster(ctx)
			if err != nil && ctx.Err() != nil { // it tells nothing about the cluster
				return "", ctx.Err()
			}
			if last, err := done(view, err); last != "" || err != nil {
				return last, err
			}
			if !sleepUntil(ctx, progressTick) {
				return "", ctx.Err()
			}
		}
	})
}

// arrival is a node that comes to the cluster.
type arrival struct {
	name     string
	replaces bool // it takes a vacant place; false: it was told to join
}

// joinPatience is how long a node that was told to join may take until it is a member.
const joinPatience = time.Minute

// awaitFilled waits until a node that comes is there, and then until it has its share of the data.
func awaitFilled(ctx context.Context, told *progress, cluster watched, node arrival) error {
	if !node.replaces {
		told.say(fmt.Sprintf("%s joins; its share of the data moves now (Ctrl-C ends the wait, not the move)\n", node.name))
	}
	member, announced, asked := node.replaces, !node.replaces, time.Now()
	return told.await(ctx, cluster, func(view api.Cluster, err error) (string, error) {
		at := slices.IndexFunc(view.Nodes, func(m api.Member) bool { return m.Name == node.name })
		switch {
		case err != nil: // the port's own node may be starting
			return "", nil
		case at < 0 && member:
			return "", fmt.Errorf("%s was removed from the ring meanwhile", node.name)
		case at < 0 && time.Since(asked) > joinPatience:
			return "", fmt.Errorf("%s is no member after %v: its log says why", node.name, joinPatience)
		case at < 0:
			return "", nil
		}
		member = true
		m := view.Nodes[at]
		switch there := !m.Vacant && m.UptimeS != nil; {
		case there && m.Refilling == "" && m.Status == "up" && !slices.Contains(view.Pending, m.Name):
			return fmt.Sprintf("%s has its share of the data\n", node.name), nil
		case there && !announced:
			announced = true
			told.say(fmt.Sprintf("%s has taken its place; the others fill it now\n", node.name))
		}
		return "", nil
	})
}

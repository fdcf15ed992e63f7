package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster"
)

// A demo grows while it runs: an admin port leaves a wish, and one goroutine of
// run fulfils them, one after another. The new node joins the others as any node
// would, through their peer ports.

// grown is what became of a wish.
type grown struct {
	name string
	err  error
}

// grow wishes for one more node, and returns its name when it runs; it joins
// after that. The wish is given up when asking ends, or the demo, whose context
// living is.
func (d *demo) grow(asking, living context.Context) (string, error) {
	answer := make(chan grown, 1) // nobody may be there to take it
	select {
	case d.wishes <- answer:
	case <-asking.Done():
		return "", asking.Err()
	case <-living.Done():
		return "", fmt.Errorf("%w: the demo is ending", admin.ErrGone)
	}
	select {
	case g := <-answer:
		return g.name, g.err
	case <-asking.Done():
		return "", asking.Err()
	}
}

// growAll fulfils wishes until ctx ends. What it starts runs in group.
func (d *demo) growAll(ctx context.Context, group *errgroup.Group) {
	for {
		select {
		case <-ctx.Done():
			return
		case answer := <-d.wishes:
			n, err := d.openNext()
			if err != nil {
				answer <- grown{err: err}
				continue
			}
			d.hosts.add(n.host)
			d.launch(ctx, group, n)
			answer <- grown{name: n.member.Name}
		}
	}
}

// openNext opens the node with the next letter.
func (d *demo) openNext() (demoNode, error) {
	all := d.hosts.list()
	if len(all) == maxDemoNodes {
		return demoNode{}, fmt.Errorf("%w: a demo has at most %d nodes, those that left included", admin.ErrAlready, maxDemoNodes)
	}
	var through []string
	for _, h := range all {
		if l, _ := h.state(); l != nil {
			through = append(through, l.node.PeerAddr())
		}
	}
	if len(through) == 0 {
		return demoNode{}, fmt.Errorf("%w: there is none to take in another", admin.ErrKilled)
	}
	m, err := d.ports.member(len(all))
	if err != nil {
		return demoNode{}, err
	}
	return d.open(m, func(node *cluster.Config) { node.Join = through })
}

package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
)

// Nodes can be added to a running demo: an admin port sends a request, and one
// goroutine of run serves the requests one after another. The new node joins the
// others as any node does, through their peer ports.

// addRequest asks for one more node; the result is sent on it.
type addRequest chan<- addResult

// addResult is the answer of an addRequest.
type addResult struct {
	name string
	err  error
}

// addNode asks run's goroutine for another node and returns its name. The node runs
// then, and joins afterwards. ctx bounds the caller's wait; demoCtx is the demo's.
func (d *demo) addNode(ctx, demoCtx context.Context) (string, error) {
	answer := make(chan addResult, 1) // the caller may have stopped waiting
	select {
	case d.addRequests <- answer:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-demoCtx.Done():
		return "", fmt.Errorf("%w: the demo is ending", admin.ErrGone)
	}
	select {
	case result := <-answer:
		return result.name, result.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// serveAddRequests adds the nodes that are asked for until ctx ends. They run in
// group.
func (d *demo) serveAddRequests(ctx context.Context, group *errgroup.Group) {
	for {
		select {
		case <-ctx.Done():
			return
		case answer := <-d.addRequests:
			n, err := d.openNext()
			if err != nil {
				answer <- addResult{err: err}
				continue
			}
			d.supervisors.add(n.supervisor)
			d.launch(ctx, group, n)
			answer <- addResult{name: n.member.Name}
		}
	}
}

// openNext opens the node with the next name.
func (d *demo) openNext() (demoNode, error) {
	all := d.supervisors.list()
	if len(all) == maxDemoNodes {
		return demoNode{}, fmt.Errorf("%w: a demo has at most %d nodes, those that left included", admin.ErrAlready, maxDemoNodes)
	}
	var through []string
	for _, h := range all {
		if l, _ := h.state(); l != nil {
			through = append(through, l.node.Channel().Addr())
		}
	}
	if len(through) == 0 {
		return demoNode{}, fmt.Errorf("%w: no node runs that could admit another", admin.ErrKilled)
	}
	m, err := d.ports.member(len(all))
	if err != nil {
		return demoNode{}, err
	}
	return d.open(m, func(node *nodeConfig) { node.Join = through })
}

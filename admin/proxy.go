package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/core/ring"
)

// A port proxies requests that it cannot serve itself:
//
//   - a request that needs a node, while its own node is killed, to a port whose node
//     runs;
//   - a request about a node of another process, to that node's port;
//   - a request on a key, to the port of the node that ?via= names.
//
// A proxied request is never proxied again.

// anyRunning returns a member whose node runs: the first to
// answer.
func (b *backend) anyRunning(ctx context.Context) (m ring.Member, err error) {
	here, err := b.snapshot()
	if err != nil {
		return ring.Member{}, err
	}
	m, err = b.ports.First(ctx, here.Others(), func(n api.Node) bool { return n.Status == statusUp })
	if err != nil {
		return ring.Member{}, fmt.Errorf("%s: %w, and %w", here.Self, ErrKilled, err)
	}
	return m, nil
}

// portOf returns the member of a node that does not run in this process. It
// returns [ErrNotHere] if the node has no admin port, or the request was proxied.
func (b *backend) portOf(c *call, node string) (m ring.Member, err error) {
	here, err := b.snapshot()
	if err != nil {
		return ring.Member{}, err
	}
	m, err = findMember(here.Ring, node)
	if err != nil {
		return ring.Member{}, err
	}
	if fanout.Proxied(c.Request) || m.Name == here.Self || m.AdminAddr == "" {
		return ring.Member{}, fmt.Errorf("%s: %w", m.Name, ErrNotHere)
	}
	return m, nil
}

// portVia returns the member of the node that is to take a request; zero
// for this port's own node.
func (b *backend) portVia(node string) (m ring.Member, err error) {
	here, err := b.snapshot()
	if err != nil {
		return ring.Member{}, err
	}
	m, err = findMember(here.Ring, node)
	if err != nil || m.Name == here.Self {
		return ring.Member{}, err
	}
	if m.AdminAddr == "" {
		return ring.Member{}, fmt.Errorf("%s: %w", m.Name, ErrNotHere)
	}
	return m, nil
}

// isNamed reports whether a request names the member, by name or id.
func isNamed(m ring.Member, node string) bool { return m.Name == node || idText(m.ID) == node }

// forward repeats a request at the port of a node, if this process could not serve it
// because the node does not run here. tried is the error of the attempt, in the
// request's body.
func (b *backend) forward(ctx context.Context, c *call, node string, in any, tried error) (any, error) {
	if !errors.Is(tried, ErrNotHere) {
		return nil, fmt.Errorf("%s: %w", node, tried)
	}
	m, err := b.portOf(c, node)
	if err != nil {
		return nil, err
	}
	var answer any
	if err := b.ports.To(m).Call(ctx, c.Method, c.RequestURI, in, &answer); err != nil {
		return nil, err
	}
	return answer, nil
}

package main

import (
	"fmt"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster/ring"
)

// process is what an admin port may do to the hosts of its process.
type process struct {
	own   *host // behind this port
	hosts []*host
	chaos bool
}

// Node implements [admin.Process].
func (p *process) Node() (admin.Node, error) { return p.own.Node() }

// Kill implements [admin.Process].
func (p *process) Kill(node string) error {
	h, err := p.find(node)
	if err != nil {
		return err
	}
	return h.kill()
}

// Revive implements [admin.Process].
func (p *process) Revive(node string) error {
	h, err := p.find(node)
	if err != nil {
		return err
	}
	return h.revive()
}

func (p *process) find(node string) (*host, error) {
	if !p.chaos {
		return nil, admin.ErrChaosForbidden
	}
	for _, h := range p.hosts {
		if h.name() == node || fmt.Sprintf("%016x", uint64(ring.IDOf(h.name()))) == node {
			return h, nil
		}
	}
	return nil, admin.ErrNotHere
}

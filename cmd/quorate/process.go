package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/ring"
)

// process is what an admin port may do to the hosts of its process.
type process struct {
	own   *host // behind this port
	hosts []*host
	links *peer.Links // nil without chaos
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
func (p *process) Revive(node string, loseDisk bool) error {
	h, err := p.find(node)
	if err != nil {
		return err
	}
	if loseDisk {
		return errors.ErrUnsupported
	}
	return h.revive()
}

// Links implements [admin.Process].
func (p *process) Links() []peer.Fault {
	if p.links == nil {
		return nil
	}
	return p.links.Faults()
}

// SetLinks implements [admin.Process].
func (p *process) SetLinks(faults []peer.Fault) error {
	if !p.chaos {
		return admin.ErrChaosForbidden
	}
	return p.links.Set(faults)
}

// AddNode implements [admin.Process].
func (p *process) AddNode(context.Context) (string, error) { return "", admin.ErrNotDemo }

// Join implements [admin.Process].
func (p *process) Join([]string) error { return admin.ErrAlready }

// Chaos implements [admin.Process].
func (p *process) Chaos() bool { return p.chaos }

// Demo implements [admin.Process].
func (p *process) Demo() bool { return false }

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

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/ring"
	"github.com/quorate/quorate/server"
)

// host keeps one node with its client port: it runs it, kills it as a crash
// would, and starts it again from the same directory.
//
// One goroutine, that of Run, moves the host from state to state; kill and
// revive only ask it to.
type host struct {
	node   cluster.Config
	client server.Config
	log    *slog.Logger

	kills   chan struct{} // requests, at most one waiting
	revives chan struct{}

	mu struct {
		sync.Mutex
		life *life // nil while killed, and when it is over
	}
}

// newHost opens the node's store and binds its ports, so that what is wrong with
// them is told at once. On success Run must be called.
func newHost(node cluster.Config, client server.Config, log *slog.Logger) (*host, error) {
	h := &host{
		node: node, client: client, log: log,
		kills: make(chan struct{}, 1), revives: make(chan struct{}, 1),
	}
	l, err := newLife(node, client)
	if err != nil {
		return nil, explain(err)
	}
	h.mu.life = l
	return h, nil
}

func (h *host) name() string { return h.node.Name }

// Node implements [admin.Process] for a host by itself.
func (h *host) Node() (admin.Node, error) {
	if l := h.current(); l != nil {
		return l.node, nil
	}
	return nil, fmt.Errorf("%s: %w", h.name(), admin.ErrKilled)
}

func (h *host) current() *life {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.life
}

func (h *host) become(l *life) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.life = l
}

// kill asks for a crash.
func (h *host) kill() error {
	if h.current() == nil {
		return fmt.Errorf("%w: it is killed", admin.ErrAlready)
	}
	return ask(h.kills)
}

// revive asks for a new life.
func (h *host) revive() error {
	if h.current() != nil {
		return fmt.Errorf("%w: it runs", admin.ErrAlready)
	}
	return ask(h.revives)
}

func ask(requests chan struct{}) error {
	select {
	case requests <- struct{}{}:
		return nil
	default:
		return fmt.Errorf("%w: it was asked for a moment ago", admin.ErrAlready)
	}
}

// Run lives the node's lives until ctx ends, the node has left its cluster, or
// it fails by itself.
func (h *host) Run(ctx context.Context) error {
	for l := h.current(); ; {
		err := l.run(ctx, h.kills, h.log)
		switch {
		case errors.Is(err, errKilled):
			h.become(nil)
			h.log.Warn("node killed", "node", h.name())
		case errors.Is(err, cluster.ErrLeft):
			h.become(nil)
			return nil // cluster has logged it
		case err != nil:
			return fmt.Errorf("node %s: %w", h.name(), explain(err))
		default:
			return nil
		}
		if l = h.awaitRevival(ctx); l == nil {
			return nil
		}
	}
}

// awaitRevival returns the node's next life, or nil when ctx ends. A life that
// cannot begin is logged, and may be asked for again.
func (h *host) awaitRevival(ctx context.Context) *life {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.kills: // came in as the node died
			continue
		case <-h.revives:
		}
		l, err := newLife(h.node, h.client)
		if err == nil {
			h.become(l)
			h.log.Info("node revived", "node", h.name())
			return l
		}
		h.log.Error("node cannot be revived", "node", h.name(), "err", explain(err))
	}
}

// errKilled ends a life.
var errKilled = errors.New("killed")

// life is a node and its client port, from one start to one end.
type life struct {
	node   *cluster.Node
	client *server.Server
}

func newLife(node cluster.Config, client server.Config) (*life, error) {
	n, err := cluster.New(node)
	if err != nil {
		return nil, err
	}
	s, err := server.New(client, n)
	if err != nil {
		// Run is what gives the store and the peer port back.
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		return nil, errors.Join(err, n.Run(ended))
	}
	return &life{node: n, client: s}, nil
}

// run serves until ctx ends (nil), a kill is asked for ([errKilled]), or the
// node ends by itself. The client port closes first, so that what it has
// accepted still finds a node; the node closes its store last.
func (l *life) run(ctx context.Context, kills <-chan struct{}, log *slog.Logger) error {
	group, serving := errgroup.WithContext(ctx)
	living, stopLiving := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { return l.node.Run(living) })
	group.Go(func() error {
		defer stopLiving()
		born := time.Now()
		select {
		case <-l.node.Ready():
			log.Info("node is ready", "node", l.node.Name(), "id", fmt.Sprintf("%016x", uint64(ring.IDOf(l.node.Name()))),
				"client_addr", l.client.Addr().String(), "peer_addr", l.node.PeerAddr(), "took", time.Since(born).Round(time.Millisecond))
		case <-serving.Done():
		}
		return l.client.Run(serving)
	})
	group.Go(func() error {
		select {
		case <-kills:
			l.client.Kill()
			l.node.Crash()
			return errKilled
		case <-serving.Done():
			return nil
		}
	})
	return group.Wait()
}

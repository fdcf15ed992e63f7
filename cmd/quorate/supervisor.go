package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/clear"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/settings"
	"github.com/quorate/quorate/server"
)

// supervisor runs one node with its client port, kills it as a crash would, and
// starts it again from the same directory.
//
// Only the goroutine of Run changes the state; kill, revive and join send it
// requests.
type supervisor struct {
	node   nodeConfig
	client clientPort
	clock  *settableClock // of the node, in all its lives
	log    *slog.Logger

	kills  chan struct{} // requests, at most one waiting
	starts chan start

	mu struct {
		sync.Mutex
		life *life // nil while the node does not run
		why  error // it does not: wraps an error of package admin
	}
}

// start is a request to start the node.
type start struct {
	loseData bool
	through  []string // peer addresses to join through; nil: as before
}

// newSupervisor binds the ports and opens the node's store, so that faults of both
// are reported at once. After success Run must be called.
func newSupervisor(node nodeConfig, client clientPort, log *slog.Logger) (*supervisor, error) {
	client.Users = server.NewUsers(client.Password) // of the process: they outlive a life of the node
	clock := newSettableClock(node.Now)
	node.Now, client.Now = clock.Now, clock.Now
	h := &supervisor{
		node: node, client: client, clock: clock, log: log,
		kills: make(chan struct{}, 1), starts: make(chan start, 1),
	}
	l, err := newLife(node, client)
	if err != nil {
		return nil, explain(err)
	}
	h.mu.life = l
	return h, nil
}

// newStandby makes a supervisor whose node waits for a request that names the cluster
// to join. A node whose directory belongs to a cluster starts at once.
func newStandby(node nodeConfig, client clientPort, log *slog.Logger) (*supervisor, error) {
	h, err := newSupervisor(node, client, log)
	if err != nil || h.mu.life.node.Membership().Ring() != nil {
		return h, err
	}
	if err := h.mu.life.discard(); err != nil {
		return nil, explain(err)
	}
	h.become(nil, admin.ErrStandby)
	return h, nil
}

func (h *supervisor) name() string { return h.node.Name }

// Node implements [admin.Process] for a single node.
func (h *supervisor) Node() (admin.Node, error) {
	l, why := h.state()
	if l != nil {
		return admin.NodeOf(l.node), nil
	}
	return admin.Node{}, fmt.Errorf("%s: %w", h.name(), why)
}

// state returns the running life, or the reason why there is none.
func (h *supervisor) state() (*life, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.life, h.mu.why
}

func (h *supervisor) become(l *life, why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.life, h.mu.why = l, why
}

// kill requests a crash.
func (h *supervisor) kill() error {
	switch l, why := h.state(); {
	case l != nil:
		return ask(h.kills, struct{}{})
	case errors.Is(why, admin.ErrKilled):
		return fmt.Errorf("%w: it is killed", admin.ErrAlready)
	default:
		return why
	}
}

// revive requests the start of a killed node.
func (h *supervisor) revive(how start) error {
	switch l, why := h.state(); {
	case l != nil:
		return fmt.Errorf("%w: it runs", admin.ErrAlready)
	case !errors.Is(why, admin.ErrKilled):
		return why
	}
	return ask(h.starts, how)
}

// join requests the first start of a node on standby.
func (h *supervisor) join(through []string) error {
	switch l, why := h.state(); {
	case l != nil:
		return fmt.Errorf("%w: %s runs, and does not wait for a request to join", admin.ErrAlready, h.name())
	case !errors.Is(why, admin.ErrStandby):
		return fmt.Errorf("%w: %w", admin.ErrAlready, why)
	}
	return ask(h.starts, start{through: through})
}

func ask[T any](requests chan T, what T) error {
	select {
	case requests <- what:
		return nil
	default:
		return fmt.Errorf("%w: another request is waiting", admin.ErrAlready)
	}
}

// Run runs the node, again after each kill and revive, until ctx ends, the node has
// left its cluster, or it fails by itself.
func (h *supervisor) Run(ctx context.Context) error {
	_, why := h.state()
	joining := errors.Is(why, admin.ErrStandby) // in no cluster yet
	for {
		l, _ := h.state()
		if l == nil {
			if l = h.awaitLife(ctx); l == nil {
				return nil
			}
		}
		err := l.run(ctx, h.kills, h.log)
		joining = joining && l.node.Membership().Ring() == nil
		switch {
		case errors.Is(err, errKilled):
			h.become(nil, admin.ErrKilled)
			h.log.Warn("node killed", "node", h.name())
		case errors.Is(err, membership.ErrLeft):
			h.become(nil, fmt.Errorf("%w: it has left the cluster", admin.ErrGone))
			return nil // cluster has logged it
		case err != nil && joining:
			err = explain(err)
			h.become(nil, fmt.Errorf("%w; it could not join the cluster that it was told to: %w", admin.ErrStandby, err))
			h.log.Error("node did not join", "node", h.name(), "err", err)
		case err != nil:
			err = fmt.Errorf("node %s: %w", h.name(), explain(err))
			h.become(nil, fmt.Errorf("%w: %w", admin.ErrGone, err))
			return err
		default:
			return nil
		}
	}
}

// awaitLife returns the node's next life, or nil when ctx ends. A start that fails
// is logged, and can be requested again.
func (h *supervisor) awaitLife(ctx context.Context) *life {
	for {
		var wanted start
		select {
		case <-ctx.Done():
			return nil
		case <-h.kills: // arrived while the node was ending
			continue
		case wanted = <-h.starts:
		}
		if wanted.through != nil {
			h.node.Join = wanted.through
		}
		node := h.node
		node.Store.LoseData = wanted.loseData
		l, err := newLife(node, h.client)
		if err == nil {
			h.become(l, nil)
			h.log.Info("node started again", "node", h.name(), "without_data", wanted.loseData)
			return l
		}
		h.log.Error("node cannot be started", "node", h.name(), "err", explain(err))
	}
}

// errKilled ends a life.
var errKilled = errors.New("killed")

// nodeConfig is what a node is made of, with the address where it listens for peers.
type nodeConfig struct {
	cluster.Config
	PeerAddr string
}

// life is a node and its client port, from one start to one end.
type life struct {
	node     *cluster.Node
	client   *server.Server
	draining atomic.Int64 // since when, unix milliseconds; 0: it takes clients
}

func newLife(node nodeConfig, client clientPort) (*life, error) {
	sockets, err := peer.Bind(node.PeerAddr)
	if err != nil {
		return nil, err
	}
	n, err := cluster.New(node.Config, sockets)
	if err != nil {
		return nil, err
	}
	listener, err := client.listen()
	if err != nil {
		return nil, errors.Join(err, n.Run(ended()))
	}
	s, err := server.New(client.Config, listener, storeOf(n))
	if err != nil {
		return nil, errors.Join(err, n.Run(ended()))
	}
	return &life{node: n, client: s}, nil
}

// store has the parts of a node that the client port uses.
type store struct {
	*replica.Coordinator
	*coverage.Reader
	*membership.Membership
	*membership.Changes
	*settings.Disseminator
	*clear.Clearer
}

func storeOf(n *cluster.Node) store {
	return store{n.Coordinator(), n.Coverage(), n.Membership(), n.Membership().Changes(), n.Settings(), n.Clearer()}
}

// ended returns a context that has ended: with it Run only releases what New took,
// the store and the ports.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// discard releases a life that never ran.
func (l *life) discard() error { return errors.Join(l.client.Run(ended()), l.node.Run(ended())) }

// run serves until ctx ends (nil), a kill is asked for ([errKilled]), or the
// node ends by itself. The client port closes first, so that what it has
// accepted still finds a node; the node closes its store last.
func (l *life) run(ctx context.Context, kills <-chan struct{}, log *slog.Logger) error {
	if ctx.Err() != nil {
		return l.discard()
	}
	group, serving := errgroup.WithContext(ctx)
	nodeCtx, stopNode := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { return l.node.Run(nodeCtx) })
	group.Go(func() error {
		defer stopNode()
		started := time.Now()
		select {
		case <-l.node.Ready():
			log.Info("node is ready", "node", l.node.Name(), "id", fmt.Sprintf("%016x", uint64(ring.IDOf(l.node.Name()))),
				"client_addr", l.client.Addr().String(), "peer_addr", l.node.Channel().Addr(), "took", time.Since(started).Round(time.Millisecond))
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

package clear

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
)

const (
	askTimeout   = time.Second      // for the answer of one member to a step
	applyTimeout = 10 * time.Second // for a clear to be carried out by all members
	applyPause   = 20 * time.Millisecond
	maxCalls     = 16 // to members at one time
)

// A node that is no member any more may be given a bound this far above those of the members.
// What lies beyond was never an epoch, and a client has made it up.
const mostAhead = causal.Epoch(24*60*60*1000) << 20

// Store is what a node holds: engine.Clears.
type Store interface {
	Prepare() (object.Clear, error)
	Bound(seen causal.Epoch) causal.Epoch
	Apply(c object.Clear) error
	Current() object.Clear
	Mark() uint64
}

// Channel sends messages to members: peer.Channel.
type Channel interface {
	Call(ctx context.Context, to causal.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error)
	Available(id causal.NodeID) bool
	// Knows reports whether a member is of a version with a feature.
	Knows(id causal.NodeID, what peer.Feature) bool
}

// Config is what a [Clearer] is made of. All fields are required.
type Config struct {
	Self    causal.NodeID
	Store   Store
	Channel Channel
	Ring    func() *ring.Ring
	// DeleteAll deletes all keys one by one.
	DeleteAll func(ctx context.Context) error
	Logger    *slog.Logger
}

// Clearer clears the cluster, and takes in the clears of others. Its methods may be called
// from any goroutine.
type Clearer struct {
	cfg  Config
	wake chan struct{}

	mu     sync.Mutex
	wanted map[causal.NodeID]struct{} // whom to exchange clears with
}

// New returns a clearer. Its Run must be called.
func New(cfg Config) *Clearer {
	return &Clearer{cfg: cfg, wake: make(chan struct{}, 1), wanted: make(map[causal.NodeID]struct{})}
}

// Flush removes all keys whose writes were acknowledged before the call. Those that are
// written meanwhile may stay. It returns when all members that can be reached have removed
// them. A [replica.NoQuorumError] says that some may have, and will yet.
func (x *Clearer) Flush(ctx context.Context) error {
	clear, err := x.propose(ctx)
	if err != nil {
		x.cfg.Logger.Info("all keys are deleted one by one, because not all members take part in a clear", "err", err)
		return x.cfg.DeleteAll(ctx)
	}
	return x.spread(ctx, clear)
}

// propose carries out the steps 1 and 2, and returns the clear of all that the members have
// made before.
func (x *Clearer) propose(ctx context.Context) (object.Clear, error) {
	members := memberIDs(x.cfg.Ring())
	for _, id := range members {
		if id != x.cfg.Self && !(x.cfg.Channel.Available(id) && x.cfg.Channel.Knows(id, peer.Clears)) {
			return nil, fmt.Errorf("%s cannot be reached, or is of an older version", x.cfg.Ring().Name(id))
		}
	}
	var mu sync.Mutex
	var seen object.Clear
	err := x.askAll(ctx, members, peer.ClearPrepare, nil, x.answerPrepare, func(_ causal.NodeID, reply []byte) error {
		theirs, err := object.DecodeClear(reply)
		mu.Lock()
		defer mu.Unlock()
		seen = seen.Join(theirs)
		return err
	})
	if err != nil {
		return nil, err
	}
	var clear object.Clear
	var latest causal.Epoch
	err = x.askAll(ctx, members, peer.ClearBound, seen.Append(nil), x.answerBound, func(id causal.NodeID, reply []byte) error {
		r := wire.NewReader(reply)
		b := object.Bound{Node: id, Below: causal.Epoch(r.Uint64())}
		mu.Lock()
		defer mu.Unlock()
		clear, latest = clear.With(b), max(latest, b.Below)
		return r.Done("bound")
	})
	if err != nil {
		return nil, err
	}
	if !slices.Equal(members, memberIDs(x.cfg.Ring())) {
		return nil, errors.New("the members have changed")
	}
	for _, b := range seen {
		if !slices.Contains(members, b.Node) && b.Below < latest+mostAhead {
			clear = clear.With(b)
		}
	}
	return clear, nil
}

// askAll asks all members, this node among them, and has each answer taken in. It returns the
// first error.
func (x *Clearer) askAll(ctx context.Context, members []causal.NodeID, kind peer.Kind, body []byte,
	here func([]byte) ([]byte, error), take func(causal.NodeID, []byte) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var group errgroup.Group
	for _, id := range members {
		group.Go(func() (err error) {
			var reply []byte
			if id == x.cfg.Self {
				reply, err = here(body)
			} else {
				reply, err = x.cfg.Channel.Call(ctx, id, peer.Foreground, kind, body)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", x.cfg.Ring().Name(id), err)
			}
			return take(id, reply)
		})
	}
	return group.Wait()
}

// spread carries out step 3.
func (x *Clearer) spread(ctx context.Context, clear object.Clear) error {
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	var mu sync.Mutex
	have := make(map[ring.NodeID]bool)
	var group errgroup.Group
	for _, id := range memberIDs(x.cfg.Ring()) {
		group.Go(func() error {
			var err error
			if id == x.cfg.Self {
				err = x.cfg.Store.Apply(clear)
			} else {
				err = x.hand(ctx, id, clear)
			}
			if err != nil {
				x.cfg.Logger.Warn("a member has not carried out the clear yet", "node", x.cfg.Ring().Name(id), "err", err)
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			have[id] = true
			return nil
		})
	}
	_ = group.Wait() // no function returns an error
	return quorumHas(x.cfg.Ring(), have)
}

// hand brings a clear to a member, and waits until the member has carried it out.
func (x *Clearer) hand(ctx context.Context, id causal.NodeID, clear object.Clear) error {
	pause := time.NewTicker(applyPause)
	defer pause.Stop()
	for {
		theirs, done, err := x.exchange(ctx, id, clear)
		if err != nil {
			return err
		}
		if done && theirs.Includes(clear) {
			return nil
		}
		select {
		case <-pause.C: // it still sweeps
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// quorumHas returns nil if of every partition so many primaries have a clear that each quorum
// of a read or a write meets one of them.
func quorumHas(view *ring.Ring, have map[ring.NodeID]bool) error {
	for p := range view.Partitions() {
		primaries := view.Primaries(ring.Partition(p))
		q, got := view.Quorums(), 0
		for _, id := range primaries {
			if have[id] {
				got++
			}
		}
		if need := min(max(q.W, len(primaries)-q.R+1), len(primaries)); got < need {
			return &replica.NoQuorumError{Op: replica.OpWrite, Needed: need, Got: got}
		}
	}
	return nil
}

func memberIDs(view *ring.Ring) (ids []causal.NodeID) {
	for _, m := range view.Members() {
		ids = append(ids, m.ID)
	}
	return ids
}

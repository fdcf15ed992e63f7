package server

import (
	"bytes"
	"context"
	"hash/fnv"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/commandtest"
)

// fake is a store of one node, in memory, made of the pure packages: what a
// cluster would answer if nothing ever failed.
type fake struct {
	mu      sync.Mutex
	objects map[string]object.Object
	state   *ring.State
	seen    atomic.Pointer[ring.Ring]
	policy  atomic.Uint32
	clock   *causal.Clock
	epoch   causal.Epoch
	calls   atomic.Int64 // of Do
	batch   atomic.Int64 // the largest
	fault   atomic.Pointer[faultFunc]
	unsaved atomic.Pointer[error]       // why SetPolicy cannot save
	lent    map[*replica.Request][]byte // the values of its last result
}

// faultFunc makes a request fail.
type faultFunc func(*replica.Request) error

const fakeNode = "A"

func newFake(t testing.TB) *fake {
	t.Helper()
	members := make([]ring.Member, 0, 3)
	for _, name := range []string{fakeNode, "B", "C"} {
		members = append(members, ring.Member{ID: ring.IDOf(name), Name: name, ClientAddr: "127.0.0.1:1", PeerAddr: "127.0.0.1:2"})
	}
	f := &fake{
		objects: make(map[string]object.Object),
		lent:    make(map[*replica.Request][]byte),
		state:   ring.NewState("test", 16, ring.Quorums{N: 3, R: 2, W: 2}, members...),
		clock:   causal.NewClock(func() int64 { return time.Now().UnixMilli() }),
	}
	f.seen.Store(ring.NewRing(f.state))
	return f
}

func (f *fake) Do(_ context.Context, requests []*replica.Request) {
	f.calls.Add(1)
	f.batch.Store(max(f.batch.Load(), int64(len(requests))))
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range requests {
		if fault := f.fault.Load(); fault != nil {
			if r.Err = (*fault)(r); r.Err != nil {
				continue
			}
		}
		if r.Trace != nil {
			prompt := r.Trace.Prompt
			*r.Trace = fakeTrace(f.Ring(), r.Key)
			r.Trace.Prompt = prompt
		}
		for i := range f.lent[r] {
			f.lent[r][i] = '#' // as a coordinator does, which lends the same memory again
		}
		if r.Update == nil {
			r.Object = commandtest.PartFor(r, f.lend(r, f.objects[string(r.Key)]))
			continue
		}
		r.Err = f.apply(r)
	}
}

// lend copies an object's values to memory that lasts until the request is used
// again.
func (f *fake) lend(r *replica.Request, o object.Object) object.Object {
	o = o.Clone()
	var all []byte
	for i := range o.Siblings {
		all = append(all, o.Siblings[i].Data...)
	}
	f.lent[r] = all
	for i := range o.Siblings {
		n := len(o.Siblings[i].Data)
		o.Siblings[i].Data, all = all[:n:n], all[n:]
	}
	return o
}

func (f *fake) apply(r *replica.Request) error {
	current, exists := f.objects[string(r.Key)]
	now := time.Now().UnixMilli()
	shown, err := register.Choose(&current, f.Policy(), now)
	if err != nil && r.Update.NeedsRead() && !r.Update.HasContext {
		return err
	}
	if r.Update.ForElements(shown) {
		f.changeElements(r, &current, exists, shown, now)
		return nil
	}
	var value *object.Value
	if shown.Found {
		value = &shown.Value
	}
	next, write, result := r.Update.Apply(value, now)
	r.Result = result
	if !write {
		return nil
	}
	next.Data = bytes.Clone(next.Data) // the key and the update belong to the server
	seen := current.Context()
	if r.Update.HasContext {
		seen = r.Update.Context
	}
	event := register.Event{Value: next, Of: shown.Of, Past: seen, Time: f.clock.Now(), Dot: f.nextDot(&current, exists, seen)}
	stored := r.Update.Next(object.Object{}, &current, &event, now)
	f.objects[string(r.Key)] = stored
	r.Result.Dot, r.Result.Context = event.Dot, stored.SeenBy(event.Dot)
	return nil
}

func (f *fake) changeElements(r *replica.Request, current *object.Object, exists bool, shown register.Shown, now int64) {
	change, write, result := r.Update.Elements(current, shown, now)
	if r.Result = result; !write {
		return
	}
	if change.Seen = current.Context(); r.Update.HasContext {
		change.Seen = r.Update.Context
	}
	change.Time, change.Dot = f.clock.Now(), f.nextDot(current, exists, change.Seen)
	var stored object.Object
	stored.BecomeEdited(*current, &change)
	f.objects[string(r.Key)], r.Result.Dot = stored.Clone(), change.Dot // the update belongs to the server
}

func (f *fake) nextDot(current *object.Object, exists bool, seen causal.Context) causal.Dot {
	if !exists {
		current = nil
	}
	return object.NextDot(current, seen.Vector, ring.IDOf(fakeNode), object.EpochSpan{Below: f.epoch + 1}, f.freshEpoch)
}

func (f *fake) freshEpoch() causal.Epoch { f.epoch++; return f.epoch }

// ScanKeys pages by hash, as the engine does: the cursor is the hash to go on
// from.
func (f *fake) ScanKeys(_ context.Context, cursor uint64, count int) ([][]byte, uint64, error) {
	type hashed struct {
		hash uint64
		key  string
	}
	now := time.Now().UnixMilli()
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []hashed
	for key, stored := range f.objects {
		h := fnv.New32a()
		h.Write([]byte(key))
		if hash := uint64(h.Sum32()) + 1; hash >= cursor && stored.Live(now) {
			all = append(all, hashed{hash, key})
		}
	}
	slices.SortFunc(all, func(a, b hashed) int { return int(int64(a.hash) - int64(b.hash)) })
	var keys [][]byte
	for i, k := range all {
		if len(keys) >= count && k.hash != all[i-1].hash {
			return keys, k.hash, nil
		}
		keys = append(keys, []byte(k.key))
	}
	return keys, 0, nil
}

func (f *fake) CountKeys(ctx context.Context) (coverage.KeyCounts, error) {
	n, err := f.DBSize(ctx)
	return coverage.KeyCounts{Keys: n}, err
}

func (f *fake) DBSize(ctx context.Context) (int64, error) {
	keys, _, err := f.ScanKeys(ctx, 0, 1<<30)
	return int64(len(keys)), err
}

func (f *fake) RandomKey(ctx context.Context) ([]byte, error) {
	keys, _, err := f.ScanKeys(ctx, 0, 1)
	if len(keys) == 0 {
		return nil, err
	}
	return keys[0], err
}

func (f *fake) SlotKeys(ctx context.Context, slot ring.Slot, most int) ([][]byte, error) {
	keys, _, err := f.ScanKeys(ctx, 0, 1<<30)
	keys = slices.DeleteFunc(keys, func(key []byte) bool { return ring.SlotOf(key) != slot })
	if most >= 0 && len(keys) > most {
		keys = keys[:most]
	}
	return keys, err
}

func (f *fake) Flush(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.objects)
	return nil
}

// fakeTrace is that of a write on whose way one primary was down.
func fakeTrace(view *ring.Ring, key []byte) replica.Trace {
	a, b, c := ring.IDOf(fakeNode), ring.IDOf("B"), ring.IDOf("C")
	clock := causal.Vector{{Actor: causal.Actor{Node: a}, Counter: 3}}
	return replica.Trace{
		Node: b, Coordinator: a, Partition: view.PartitionOf(key), Walk: []ring.NodeID{a, b, c}, N: 2, Need: 2, Got: 2,
		Took: 1500 * time.Microsecond, Siblings: 1, Repaired: []ring.NodeID{c},
		Steps: []replica.Step{
			{Node: a, Role: replica.RolePrimary, Action: replica.ActionApply, Outcome: replica.OutcomeOK, Took: time.Millisecond, Clock: clock},
			{Node: b, Role: replica.RolePrimary, Action: replica.ActionSkip, Outcome: replica.OutcomeDown},
			{Node: c, Role: replica.RoleFallback, Action: replica.ActionHint, Outcome: replica.OutcomeSilent, Took: -1, For: b, Error: "gone"},
		},
	}
}

// History is that of a conflict.
func (f *fake) History(context.Context, []byte) replica.History {
	a := causal.Dot{Actor: causal.Actor{Node: ring.IDOf(fakeNode)}, Counter: 1}
	b := causal.Dot{Actor: causal.Actor{Node: ring.IDOf("B")}, Counter: 1}
	return replica.History{Versions: []message.Version{
		{Dot: a, Time: causal.TimestampOf(1000), Data: []byte("one")},
		{Dot: b, Time: causal.TimestampOf(2000), Past: causal.Context{Vector: causal.Vector{{Actor: a.Actor, Counter: 1}}}, Tombstone: true},
	}}
}

func (f *fake) Alive(id ring.NodeID) bool { return id != ring.IDOf("B") }

func (f *fake) ID() ring.NodeID         { return ring.IDOf(fakeNode) }
func (f *fake) Name() string            { return fakeNode }
func (f *fake) Ring() *ring.Ring        { return f.seen.Load() }
func (f *fake) Policy() register.Policy { return register.Policy(f.policy.Load()) }

func (f *fake) SetPolicy(_ context.Context, p register.Policy) error {
	if err := f.unsaved.Load(); err != nil {
		return *err
	}
	f.policy.Store(uint32(p))
	return nil
}

func (f *fake) SetQuorums(_ context.Context, q quorum.NRW) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.state.SetQuorums(ring.Quorums{N: q.N, R: q.R, W: q.W}); err != nil {
		return err
	}
	f.seen.Store(ring.NewRing(f.state))
	return nil
}

func (f *fake) failWith(fault faultFunc) { f.fault.Store(&fault) }

// newServer makes a server on a free port, which must be run or closed.
func newServer(t testing.TB, cfg Config, store Store) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(cfg, listener, store)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve runs a server on a free port until the test ends.
func serve(t testing.TB, cfg Config, store Store) *Server {
	t.Helper()
	s := newServer(t, cfg, store)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if used := s.budget.Used(); used != 0 {
			t.Errorf("%d bytes of the budget were never returned", used)
		}
	})
	return s
}

package commandtest

import (
	"bytes"
	"context"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/command"
)

// Store holds objects in memory, as a cluster of one node whose N is 3. It has no
// operations on whole clusters beyond those below.
type Store struct {
	command.Cluster // nil: what it would answer is not tested with this store

	Objects map[string]object.Object
	// Fail, if not nil, returns the error of a request.
	Fail func(*replica.Request) error

	now   int64 // unix milliseconds
	epoch causal.Epoch
	ring  *ring.Ring
}

const nodeName = "A"

func newStore() *Store {
	members := []ring.Member{{ID: ring.IDOf(nodeName), Name: nodeName, ClientAddr: "127.0.0.1:1", PeerAddr: "127.0.0.1:2"}}
	quorums := ring.Quorums{N: ring.DefaultN, R: ring.DefaultR, W: ring.DefaultW}
	return &Store{
		Objects: make(map[string]object.Object), now: Start,
		ring: ring.NewRing(ring.NewState("test", 16, quorums, members...)),
	}
}

// Do carries out requests in order.
func (s *Store) Do(_ context.Context, requests []*replica.Request) {
	for _, r := range requests {
		if s.Fail != nil {
			if r.Err = s.Fail(r); r.Err != nil {
				continue
			}
		}
		if r.Update == nil {
			stored := s.Objects[string(r.Key)]
			r.Object = PartFor(r, stored.Clone())
			continue
		}
		r.Err = s.apply(r)
	}
}

// PartFor returns what a store that keeps all collections element by element shows a read of an object.
func PartFor(r *replica.Request, o object.Object) object.Object {
	if !r.Head && r.Selection.Empty() || !object.Spreads(&o) {
		return o
	}
	return r.Selection.Of(&o)
}

func (s *Store) apply(r *replica.Request) error {
	stored, exists := s.Objects[string(r.Key)]
	var current *object.Object
	if exists {
		current = &stored
	}
	shown, err := register.Choose(&stored, s.Policy(), s.now)
	if err != nil && r.Update.NeedsRead() {
		return err
	}
	if r.Update.ForElements(shown) {
		s.changeElements(r, &stored, current, shown)
		return nil
	}
	var old *object.Value
	if shown.Found {
		old = &shown.Value
	}
	next, write, result := r.Update.Apply(old, s.now)
	r.Result = result
	if !write {
		return nil
	}
	next.Data = bytes.Clone(next.Data) // the update belongs to the caller
	past := stored.Context()
	if r.Update.HasContext {
		past = r.Update.Context
	}
	event := register.Event{
		Value: next, Of: shown.Of, Past: past,
		Dot:  s.nextDot(current, past),
		Time: max(causal.TimestampOf(s.now), stored.Clock.Latest()+1),
	}
	after := r.Update.Next(object.Object{}, &stored, &event, s.now)
	s.Objects[string(r.Key)] = after
	r.Result.Dot, r.Result.Context = event.Dot, after.SeenBy(event.Dot)
	return nil
}

// changeElements carries out an update of elements.
func (s *Store) changeElements(r *replica.Request, stored, current *object.Object, shown register.Shown) {
	change, write, result := r.Update.Elements(stored, shown, s.now)
	if r.Result = result; !write {
		return
	}
	change.Seen = stored.Context()
	if r.Update.HasContext {
		change.Seen = r.Update.Context
	}
	change.Dot, change.Time = s.nextDot(current, change.Seen), max(causal.TimestampOf(s.now), stored.Clock.Latest()+1)
	var after object.Object
	after.BecomeEdited(*stored, &change)
	s.Objects[string(r.Key)], r.Result.Dot = after.Clone(), change.Dot // the update belongs to the caller
	if r.Update.HasContext {
		r.Result.Context = change.Seen.With(change.Dot, change.Time)
	}
}

func (s *Store) nextDot(current *object.Object, past causal.Context) causal.Dot {
	fresh := func() causal.Epoch { s.epoch++; return s.epoch }
	return object.NextDot(current, past.Vector, ring.IDOf(nodeName), object.EpochSpan{Below: s.epoch + 1}, fresh)
}

// ID returns the id of the one node.
func (s *Store) ID() ring.NodeID { return ring.IDOf(nodeName) }

// Name returns the name of the one node.
func (s *Store) Name() string { return nodeName }

// Ring returns a ring of one node.
func (s *Store) Ring() *ring.Ring { return s.ring }

// Alive reports whether id is the one node's.
func (s *Store) Alive(id ring.NodeID) bool { return id == s.ID() }

// Policy returns last-writer-wins.
func (s *Store) Policy() register.Policy { return register.LWW }

// ScanKeys pages through the sorted keys: the cursor is the place of the next one.
func (s *Store) ScanKeys(_ context.Context, cursor uint64, count int) (keys [][]byte, next uint64, err error) {
	all := s.live()
	from := min(int(cursor), len(all))
	to := min(from+count, len(all))
	for _, key := range all[from:to] {
		keys = append(keys, []byte(key))
	}
	if to < len(all) {
		next = uint64(to)
	}
	return keys, next, nil
}

// DBSize counts the live keys.
func (s *Store) DBSize(context.Context) (int64, error) { return int64(len(s.live())), nil }

// CountKeys counts the live keys, and those of them that expire.
func (s *Store) CountKeys(context.Context) (all coverage.KeyCounts, err error) {
	var sum int64
	for _, key := range s.live() {
		o := s.Objects[key]
		all.Keys++
		if v, _, _ := register.Resolve(&o, s.Policy(), s.now); v.Expiry != 0 {
			all.Expiring++
			sum += v.Expiry
		}
	}
	if all.Expiring > 0 {
		all.MeanExpiry = sum / all.Expiring
	}
	return all, nil
}

// RandomKey returns the first live key.
func (s *Store) RandomKey(context.Context) ([]byte, error) {
	if all := s.live(); len(all) > 0 {
		return []byte(all[0]), nil
	}
	return nil, nil
}

// SlotKeys returns the first live keys of a slot.
func (s *Store) SlotKeys(_ context.Context, slot ring.Slot, most int) (keys [][]byte, err error) {
	for _, key := range s.live() {
		if ring.SlotOf([]byte(key)) == slot && (most < 0 || len(keys) < most) {
			keys = append(keys, []byte(key))
		}
	}
	return keys, nil
}

// Flush deletes all keys.
func (s *Store) Flush(context.Context) error {
	clear(s.Objects)
	return nil
}

// live returns the keys that exist, sorted.
func (s *Store) live() (keys []string) {
	for key, o := range s.Objects {
		if register.Exists(&o, s.Policy(), s.now) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

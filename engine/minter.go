package engine

import (
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// Minter names the new event of an edit. The engine makes it for each record, because
// it alone knows whether a copy is stored here and which of the node's memories that
// copy belongs to: its own copies, or the hints for one node.
type Minter struct {
	store  *Store
	record *Record
	// stored is the object that the editor sees, or nil if no copy is stored here.
	// Objects that only came along with the request (Record.Merge) prove nothing about
	// which dots this node has used.
	stored *object.Object
}

// Dot returns the dot of a new event that is written with the context ctx. It must be
// called during [Editor.Edit], at most once.
func (m *Minter) Dot(ctx causal.Vector) causal.Dot {
	s := m.store
	if target := m.record.Hint; target != 0 {
		memory := memoryOf(target)
		fresh := func() causal.Epoch { return s.mintEpoch(memory) }
		return object.NextDot(m.remembered(memory), ctx, s.opts.Self, causal.Epoch(s.epochs.hints.Load()), fresh)
	}
	floor := max(s.epochs.floor, causal.Epoch(s.epochs.floors[m.record.Partition].Load()))
	return object.NextDot(m.remembered(0), ctx, s.opts.Self, floor, s.freshEpoch)
}

// remembered returns the stored object if its newest epoch of this node belongs to
// memory, so that counting may go on in it; else nil.
func (m *Minter) remembered(memory causal.Epoch) *object.Object {
	if m.stored != nil && m.store.remembers(m.stored, memory) {
		return m.stored
	}
	return nil
}

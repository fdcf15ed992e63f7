package engine

import (
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// Minter names the new event of an edit. The engine makes it for each record, because
// it alone knows whether a copy is stored here and which of the node's lineages that
// copy belongs to: its own copies, or the hints for one node.
type Minter struct {
	epochs *epochs
	record *Record
	// stored is the object that the editor sees, or nil if no copy is stored here.
	// Objects that only came along with the request (Record.Merge) prove nothing about
	// which dots this node has used.
	stored *object.Object
}

// Dot returns the dot of a new event that is written with the context ctx. It must be
// called during [Editor.Edit], at most once.
func (m *Minter) Dot(ctx causal.Vector) causal.Dot {
	e := m.epochs
	if target := m.record.Hint; target != 0 {
		lineage := hintLineage(target)
		fresh := func() causal.Epoch { return e.mint(lineage) }
		return object.NextDot(m.storedOf(lineage), ctx, e.db.opts.Self, e.hintSpan(), fresh)
	}
	return object.NextDot(m.storedOf(ownLineage), ctx, e.db.opts.Self, e.ownSpan(m.record.Partition), e.mintOwn)
}

// storedOf returns the stored object if its newest epoch of this node belongs to the
// lineage, so that counting may go on in it; else nil.
func (m *Minter) storedOf(lineage causal.Epoch) *object.Object {
	if m.stored != nil && m.epochs.newestIsOf(m.stored, lineage) {
		return m.stored
	}
	return nil
}

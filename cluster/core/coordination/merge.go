package coordination

import (
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
)

// Merged is what a read found: the join of all copies.
type Merged struct {
	Object  object.Object // with a rest, where the objects that were found are parts
	Encoded []byte        // nil: no copy exists; of a part, it is not what is stored
	// Stale has the primaries that answered with less, this node included.
	Stale quorum.Nodes
}

// Merge joins all copies that the read found. The object uses the memory of room. Merge
// must be called after [Finish], or after the read was ended.
func (m *Read) Merge(room *object.Object) (merged Merged, err error) {
	if m.own != nil {
		if err := room.DecodeFrom(m.own); err != nil {
			return Merged{}, err
		}
		room.Rest = m.rest
		merged.Object, merged.Encoded = *room, m.own
	}
	merged.Object, merged.Encoded = m.join(merged.Object, merged.Encoded)
	if merged.Encoded != nil && len(m.found) > 0 && !m.FoundPart() { // else all have the same
		merged.Stale = m.stale(merged.Encoded)
	}
	return merged, nil
}

// Known returns the join of all copies that the read found, encoded, or nil if none
// exists. An update is applied to no less than this, even if this node's own copy is
// gone by then: a hint may have been delivered meanwhile. Known must be called after
// [Finish]. Of an object with some elements only it is nil: an update that reads no more than those
// is made of what is stored.
func (m *Read) Known() ([]byte, error) {
	_, others := m.join(object.Object{}, nil)
	switch {
	case others == nil && m.part:
		return nil, nil
	case others == nil:
		return m.own, nil // others have the same or nothing
	case m.own == nil:
		return others, nil
	}
	merged, err := m.Merge(new(object.Object))
	return merged.Encoded, err
}

func (m *Read) join(merged object.Object, encoded []byte) (object.Object, []byte) {
	for i := range m.found {
		f := &m.found[i]
		if !f.exists || f.brief || len(f.object.Clock) == 0 {
			continue // nothing, or equal to what is merged anyway
		}
		if encoded == nil {
			merged, encoded = f.object, f.encoded
			continue
		}
		if m.FoundPart() {
			break // all have the same
		}
		var relation object.Relation
		switch merged, relation = object.Merge(merged, f.object); relation {
		case object.SameAsB:
			encoded = f.encoded
		case object.Neither:
			encoded = merged.Append(nil)
		}
	}
	return merged, encoded
}

// stale returns the primaries whose answer was less than the merged object (Dynamo,
// section 5: read repair).
func (m *Read) stale(encoded []byte) (stale quorum.Nodes) {
	want := m.digest
	if !sameMemory(encoded, m.own) {
		want = object.SeedOf(m.key).Digest(encoded)
	}
	if m.nodes.SelfIsPrimary() && (m.own == nil || m.digest != want) {
		stale = stale.With(m.nodes.Self)
	}
	for i := range m.found {
		f := &m.found[i]
		if f.place < m.nodes.Primaries && (!f.exists || f.digest != want) {
			stale = stale.With(f.place)
		}
	}
	return stale
}

// sameMemory reports whether a and b are one piece of memory.
func sameMemory(a, b []byte) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

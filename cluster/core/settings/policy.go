package settings

import (
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
)

// ConflictResolution is the name of the setting that [Document.Policy] reads. Its
// values are the names of policies.
const ConflictResolution = "conflict-resolution"

// Founded returns the document that the founders of a cluster begin with. Founders with
// equal flags have equal documents; if their flags differ, merging chooses one value.
func Founded(p register.Policy) *Document { return initial(p, founded) }

// Assumed returns the document of a node that has a ring but has never had a document,
// because it was made by a build without one. The document of a founder wins over it.
func Assumed(p register.Policy) *Document { return initial(p, assumed) }

func initial(p register.Policy, version uint64) *Document {
	return &Document{settings: map[string]Setting{
		ConflictResolution: {Name: ConflictResolution, Value: p.String(), Version: version},
	}}
}

// Policy returns the conflict policy. ok is false if the document has none, or one that
// this build does not know.
func (d *Document) Policy() (p register.Policy, ok bool) {
	s, ok := d.settings[ConflictResolution]
	if !ok {
		return 0, false
	}
	p, err := register.ParsePolicy(s.Value)
	return p, err == nil
}

// SetPolicy changes the conflict policy, as [Document.Set] does.
func (d *Document) SetPolicy(writer causal.NodeID, p register.Policy) error {
	return d.Set(Setting{Writer: writer, Name: ConflictResolution, Value: p.String()})
}

package engine

import (
	"encoding/json"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
)

var identityKey = []byte{prefixInternal, 'o'}

// formatVersion is the version of the key space. A store of an older version is upgraded when it
// is opened.
const (
	formatVersion = 4
	formatV3      = 3 // lists were not spread
	formatV2      = 2 // collections were not spread, and had other digests
	formatV1      = 1 // dead objects lay among those with a value
)

// identity says which node a directory belongs to.
type identity struct {
	Format     int           `json:"format"`
	Node       causal.NodeID `json:"node,string"`
	Name       string        `json:"name"`
	Partitions int           `json:"partitions"`
	Upgrading  bool          `json:"upgrading,omitempty"` // parts of the key space may be of the version before
}

// outdated reports whether the directory must be upgraded.
func (id *identity) outdated() bool { return id.Format != formatVersion || id.Upgrading }

// checkIdentity tells a new directory from the node's own, and refuses any other.
func (d *database) checkIdentity() (id identity, isNew bool, err error) {
	raw, ok, err := d.load(identityKey)
	if err != nil {
		return id, false, err
	}
	if !ok {
		return identity{Format: formatVersion}, true, nil
	}
	if err := json.Unmarshal(raw, &id); err != nil {
		return id, false, fmt.Errorf("identity record: %w: %w", ErrCorrupt, err)
	}
	switch {
	case id.Format < formatV1 || id.Format > formatVersion:
		return id, false, fmt.Errorf("%s: %w: version %d, this program reads %d to %d", d.opts.Dir, ErrOtherFormat, id.Format, formatV1, formatVersion)
	case id.Node != d.opts.Self:
		return id, false, fmt.Errorf("%s: %w: it is %s's, this is %s", d.opts.Dir, ErrOtherOwner, id.Name, d.opts.Name)
	case id.Partitions != d.opts.Partitions:
		return id, false, fmt.Errorf("%s: %w: %d partitions, not %d", d.opts.Dir, ErrOtherFormat, id.Partitions, d.opts.Partitions)
	}
	return id, false, nil
}

// saveIdentity puts the identity of the directory into the batch.
func (d *database) saveIdentity(b *pebble.Batch, state upgradeState) error {
	raw, err := json.Marshal(identity{
		Format: formatVersion, Node: d.opts.Self, Name: d.opts.Name, Partitions: d.opts.Partitions,
		Upgrading: state == upgrading,
	})
	if err != nil {
		return err
	}
	return b.Set(identityKey, raw, nil)
}

package engine

import (
	"encoding/json"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
)

var identityKey = []byte{prefixInternal, 'o'}

// formatVersion is the version of the key space.
const formatVersion = 1

// identity says which node a directory belongs to.
type identity struct {
	Format     int           `json:"format"`
	Node       causal.NodeID `json:"node,string"`
	Name       string        `json:"name"`
	Partitions int           `json:"partitions"`
}

// checkIdentity tells a new directory from the node's own, and refuses any other.
func (d *database) checkIdentity() (isNew bool, err error) {
	raw, ok, err := d.load(identityKey)
	if err != nil {
		return false, err
	}
	if !ok {
		return true, nil
	}
	var id identity
	if err := json.Unmarshal(raw, &id); err != nil {
		return false, fmt.Errorf("identity record: %w: %w", ErrCorrupt, err)
	}
	switch {
	case id.Format != formatVersion:
		return false, fmt.Errorf("%s: %w: version %d, this program reads %d", d.opts.Dir, ErrOtherFormat, id.Format, formatVersion)
	case id.Node != d.opts.Self:
		return false, fmt.Errorf("%s: %w: it is %s's, this is %s", d.opts.Dir, ErrOtherOwner, id.Name, d.opts.Name)
	case id.Partitions != d.opts.Partitions:
		return false, fmt.Errorf("%s: %w: %d partitions, not %d", d.opts.Dir, ErrOtherFormat, id.Partitions, d.opts.Partitions)
	}
	return false, nil
}

// saveIdentity puts the identity of a new directory into the batch.
func (d *database) saveIdentity(b *pebble.Batch) error {
	raw, err := json.Marshal(identity{Format: formatVersion, Node: d.opts.Self, Name: d.opts.Name, Partitions: d.opts.Partitions})
	if err != nil {
		return err
	}
	return b.Set(identityKey, raw, nil)
}

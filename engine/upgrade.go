package engine

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
)

// upgradeState says whether the whole key space is of formatVersion.
type upgradeState uint8

const (
	upgraded upgradeState = iota
	upgrading
)

// An upgrade commits a batch after this many objects, or bytes.
const (
	upgradeObjects = 4096
	upgradeBytes   = 4 << 20
)

// upgrade brings the key space to formatVersion. From versions 2 and 3 it only notes the new version,
// so that an older program, which cannot read all collections that are spread, refuses the directory.
// A collection is spread when it is next changed. The saved statistics are counted anew: in version 2
// their digests of collections are of the older kind.
//
// In version 1 dead objects lay among those with a value, and the index of dead objects named
// those that had expired as well:
//
//  1. The directory gets the new version, with a mark that it is being upgraded. From then
//     on an older program refuses it. That must come first, because an older program does
//     not find what was moved.
//  2. Each object that the index of dead objects names is moved to its place, in the batch
//     that corrects its index entry. An object is in one of the two places, whatever
//     happens: after a crash the next start begins again, and passes over what was moved.
//  3. The mark is removed.
//
// No object is changed. Nobody else uses the store meanwhile. The time depends on how many objects
// are dead.
func (d *database) upgrade(from identity) error {
	if from.Format >= formatV2 && !from.Upgrading {
		d.opts.Logger.Info("upgrading the data directory: versions before this one cannot open it any more", "from", from.Format, "to", formatVersion)
		return d.markUpgrade(upgraded)
	}
	started := d.opts.Now()
	if err := d.markUpgrade(upgrading); err != nil {
		return err
	}
	d.opts.Logger.Info("upgrading the data directory: dead objects move to a place of their own", "from", from.Format, "to", formatVersion)
	moved, err := d.moveDead()
	if err != nil {
		return fmt.Errorf("upgrade the data directory: %w", err)
	}
	if err := d.markUpgrade(upgraded); err != nil {
		return err
	}
	d.opts.Logger.Info("the data directory is upgraded", "objects", moved, "took", d.opts.Now().Sub(started))
	return nil
}

// markUpgrade notes, durably, how far the upgrade is.
func (d *database) markUpgrade(state upgradeState) error {
	b := d.pebble.NewBatch()
	defer b.Close()
	if err := d.saveIdentity(b, state); err != nil {
		return err
	}
	if err := d.pebble.Apply(b, pebble.Sync); err != nil {
		return fmt.Errorf("note the upgrade of the data directory: %w", err)
	}
	return d.checkSynced()
}

// moveDead moves what the index of dead objects names.
func (d *database) moveDead() (moved int, err error) {
	b := d.pebble.NewBatch()
	defer func() { _ = b.Close() }() // gives back memory
	flush := func() error {
		if err := d.pebble.Apply(b, pebble.NoSync); err != nil {
			return err
		}
		b.Reset()
		return nil
	}
	from, to := prefixBounds(prefixDead)
	var o object.Object
	for e, err := range d.chunks(d.pebble, from, to) {
		if err != nil {
			return moved, err
		}
		ok, err := d.moveEntry(b, &o, e.key)
		if err != nil {
			return moved, err
		}
		if ok {
			moved++
		}
		if b.Count() >= upgradeObjects || b.Len() >= upgradeBytes {
			if err := flush(); err != nil {
				return moved, err
			}
		}
	}
	return moved, flush()
}

// moveEntry moves the object of one index entry, and reports whether there was something
// to do. Of an object that cannot be read nothing is changed: it is as it was before the
// upgrade, and does not keep the node from starting.
func (d *database) moveEntry(b *pebble.Batch, o *object.Object, entry []byte) (moved bool, err error) {
	p, at, key, ok := splitIndexKey(entry)
	if !ok {
		return false, nil
	}
	place := appendObjectKey(nil, p, hashOf(key), key)
	raw, c, err := d.get(place)
	if err != nil || c == nil {
		return false, err // moved before
	}
	defer c.Close() //nolint:errcheck // gives back memory
	if err := o.DecodeFrom(raw); err != nil {
		d.opts.Logger.Warn("an object that cannot be read stays where it is", "partition", p, "err", err)
		return false, nil
	}
	l := o.Lifetime()
	if l.At != at {
		return false, nil // the entry is of an earlier version
	}
	switch l.Kind {
	case object.Dead:
		if err := b.Delete(place, nil); err != nil {
			return false, err
		}
		return true, b.Set(appendPlace(nil, prefixGrave, p, hashOf(key), key), raw, nil)
	case object.Expiring: // it expired, and is to be stripped
		if err := b.Delete(entry, nil); err != nil {
			return false, err
		}
		return true, b.Set(appendIndexKey(nil, prefixExpired, p, at, hashOf(key), key), nil, nil)
	}
	return false, nil
}

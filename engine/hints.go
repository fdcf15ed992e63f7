package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// A hint is stored as the time at which its first write arrived, then the
// object. Later writes of the key are merged in and do not make it younger.
const (
	hintTime     = 8
	hintOverhead = hintHeader + hintTime
)

func splitHint(b []byte) (created int64, encoded []byte, err error) {
	if len(b) < hintTime {
		return 0, nil, errors.New("hint is too short")
	}
	return int64(binary.BigEndian.Uint64(b)), b[hintTime:], nil
}

// hintIn reads a stored hint, or its outline if it lies in parts at a place.
func (d *database) hintIn(at partsPlace, raw []byte) (created int64, f storedObject, err error) {
	if created, f.object, err = splitHint(raw); err != nil {
		return 0, f, d.corrupt("hint", err)
	}
	if isSplit(f.object) {
		f.split, err = d.parseSplit(at, f.object)
		f.object, f.digest = f.split.outline, f.split.digest
	}
	return created, f, err
}

// HintRef names one version of one hint.
type HintRef struct {
	Partition ring.Partition
	Key       []byte
	Digest    object.Digest
}

// Hint is an object kept for another node.
type Hint struct {
	HintRef
	Created time.Time
	Object  []byte // encoded

	owned bool // Object has memory of its own
}

// Clone copies the hint into memory of its own.
func (h Hint) Clone() Hint {
	if h.Key = bytes.Clone(h.Key); !h.owned {
		h.Object, h.owned = bytes.Clone(h.Object), true
	}
	return h
}

// Hints holds the hints for other nodes. [Store.Apply] writes them (Record.Hint).
type Hints struct {
	db     *database
	writer *writer
	counts *hintCounts
}

// Targets returns the nodes that have hints here.
func (x *Hints) Targets() map[causal.NodeID]HintStats { return x.counts.all() }

// Any reports whether there are hints here, for whatever node.
func (x *Hints) Any() bool { return x.counts.bytes.Load() > 0 }

// MayHave reports whether there may be a hint of a key here, for whatever node. It reads
// nothing from the disk, and is seldom wrong.
func (x *Hints) MayHave(p ring.Partition, key []byte) bool {
	return x.Any() && x.counts.filter.mayContain(p, hashOf(key))
}

// Scan yields the hints for a node, by partition, hash and key. A hint is valid until the
// next one. No iterator is open while the consumer works.
func (x *Hints) Scan(target causal.NodeID) iter.Seq2[Hint, error] {
	return func(yield func(Hint, error) bool) {
		start, number := x.counts.start(target)
		if start == nil {
			return
		}
		_, upper := hintBounds(target)
		noted := false
		for e, err := range x.db.chunks(x.db.pebble, start, upper) {
			if err != nil {
				yield(Hint{}, err)
				return
			}
			if !noted {
				x.counts.advance(target, number, e.key)
				noted = true
			}
			h, err := x.decode(e)
			if errors.Is(err, errPartsGone) {
				continue // it was replaced, or deleted, meanwhile
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

// decode reads one entry as a hint. It returns errPartsGone if the hint is not there any more.
func (x *Hints) decode(e chunkEntry) (Hint, error) {
	target, p, key, ok := splitHintKey(e.key)
	if !ok {
		return Hint{}, x.db.corrupt("hint", errors.New("malformed"))
	}
	created, f, err := x.db.hintIn(partsPlace{hint: target, partition: p, hash: hashOf(key)}, e.value)
	if err != nil {
		return Hint{}, err
	}
	h := Hint{HintRef: HintRef{Partition: p, Key: key}, Created: time.UnixMilli(created), Object: f.object}
	if f.outlined() {
		h.owned, h.Digest = true, f.digest
		h.Object, err = x.db.readParts(x.db.pebble, &f.split, nil)
		return h, err
	}
	h.Digest = object.SeedOf(key).Digest(f.object)
	return h, nil
}

// Delete deletes hints that are still what was delivered. A crash may bring them back,
// which is harmless: delivering a hint again changes nothing.
func (x *Hints) Delete(target causal.NodeID, refs []HintRef) error {
	if err := x.db.enter(); err != nil {
		return err
	}
	defer x.db.guard.leave()
	_, err := x.delete(target, refs)
	return err
}

func (x *Hints) delete(target causal.NodeID, refs []HintRef) (deleted int, err error) {
	t := x.writer.newTxn()
	defer t.release()
	for i, r := range refs {
		t.add(hashOf(r.Key), i)
	}
	t.lock()
	for at, o := range t.order {
		r := refs[o.index]
		if at > 0 && o.hash == t.order[at-1].hash && bytes.Equal(r.Key, refs[t.order[at-1].index].Key) {
			continue // named twice
		}
		t.key = appendHintKey(t.key[:0], target, r.Partition, o.hash, r.Key)
		ch, err := t.deleteHint(target, r, o.hash)
		if err != nil {
			return 0, err
		}
		if ch.count != 0 {
			t.hints = append(t.hints, ch)
			deleted++
		}
	}
	if _, err := t.commit(syncNever); err != nil {
		return 0, err
	}
	return deleted, nil
}

// deleteHint deletes the hint at t.key if it still is what r names. It returns the change
// of the counts, whose count is 0 if nothing was deleted.
func (t *txn) deleteHint(target causal.NodeID, r HintRef, hash uint64) (hintChange, error) {
	raw, c, err := t.w.db.get(t.key)
	if err != nil || raw == nil {
		return hintChange{}, err
	}
	defer c.Close() //nolint:errcheck // gives back memory
	_, f, err := t.w.db.hintIn(partsPlace{hint: target, partition: r.Partition, hash: hash}, raw)
	if err != nil {
		return hintChange{}, err
	}
	if !f.split.split() {
		f.digest = object.SeedOf(r.Key).Digest(f.object)
	}
	if f.digest != r.Digest {
		return hintChange{}, nil
	}
	if f.split.split() {
		t.dropParts(&f.split)
	}
	n := int64(hintOverhead + len(r.Key) + f.length())
	return hintChange{target: target, partition: r.Partition, hash: hash, count: -1, bytes: -n}, t.batch.Delete(t.key, nil)
}

// Get appends to dst the merged object of all hints of a key, whichever node they are for.
func (x *Hints) Get(p ring.Partition, key, dst []byte) (encoded []byte, found bool, err error) {
	if !x.Any() {
		return dst, false, nil // the ordinary case, which costs nothing
	}
	if !x.db.guard.enter() {
		return dst, false, ErrClosed
	}
	defer x.db.guard.leave()
	hash := hashOf(key)
	if !x.counts.filter.mayContain(p, hash) {
		return dst, false, nil
	}
	var merged object.Object
	var only []byte // the single hint found so far
	var place []byte
	for _, target := range x.counts.targets() {
		place = appendHintKey(place[:0], target, p, hash, key)
		encoded, err := x.read(partsPlace{hint: target, partition: p, hash: hash}, place)
		if err != nil {
			return dst, false, err
		}
		if encoded == nil {
			continue
		}
		o, err := object.Decode(encoded)
		if err != nil {
			return dst, false, x.db.corrupt("hint", err)
		}
		if left, cleared := x.writer.obeyed.filter(o); cleared {
			if o = left; len(o.Clock) == 0 {
				continue
			}
			encoded = o.Append(nil)
		}
		if only = encoded; found {
			only = nil
			merged, _ = object.Merge(merged, o)
		} else {
			merged, found = o, true
		}
	}
	switch {
	case !found:
		return dst, false, nil
	case only != nil:
		return append(dst, only...), true, nil
	}
	return merged.Append(dst), true, nil
}

// read returns the object of a hint, whole, or nil.
func (x *Hints) read(at partsPlace, key []byte) ([]byte, error) {
	raw, found, err := x.db.load(key)
	if err != nil || !found {
		return nil, err
	}
	_, f, err := x.db.hintIn(at, raw)
	if err != nil || !f.outlined() {
		return f.object, err
	}
	encoded, err := x.db.readParts(x.db.pebble, &f.split, nil)
	if !errors.Is(err, errPartsGone) {
		return encoded, err
	}
	// It was replaced, or deleted, meanwhile: one moment is read.
	snapshot := x.db.pebble.NewSnapshot()
	defer snapshot.Close() //nolint:errcheck // gives back memory
	raw, c, err := snapshot.Get(key)
	if err != nil {
		if errors.Is(err, pebble.ErrNotFound) {
			return nil, nil
		}
		return nil, x.db.readError("read hint", err)
	}
	defer c.Close() //nolint:errcheck // gives back memory
	if _, f, err = x.db.hintIn(at, raw); err != nil || !f.outlined() {
		return bytes.Clone(f.object), err
	}
	return x.db.readWhole(snapshot, &f.split, nil)
}

// load counts the hints that earlier runs left.
func (x *Hints) load() error {
	lower, upper := prefixBounds(prefixHint)
	err := x.db.forEach(lower, upper, func(k, v []byte) error {
		target, p, key, ok := splitHintKey(k)
		if !ok {
			return x.db.corrupt("hint", errors.New("malformed"))
		}
		created, f, err := x.db.hintIn(partsPlace{hint: target, partition: p, hash: hashOf(key)}, v)
		if err != nil {
			return err
		}
		n := int64(hintOverhead + len(key) + f.length())
		x.counts.bytes.Add(n)
		c := hintChange{target: target, partition: p, hash: hashOf(key), count: 1, bytes: n, created: created, key: k}
		if start, _ := x.counts.start(target); start == nil {
			c.key = bytes.Clone(k)
		}
		x.counts.apply(c)
		return nil
	})
	x.counts.stored.Store(0) // they came before
	return err
}

package engine

import (
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// What a clear does to the keys of a batch.

// deleteRanges removes everything of some partitions, in ascending order. Neighbours go by one
// range.
func (t *txn) deleteRanges(partitions []ring.Partition) error {
	for len(partitions) > 0 {
		n := 1
		for n < len(partitions) && partitions[n] == partitions[n-1]+1 {
			n++
		}
		for _, prefix := range partitionPrefixes {
			from, _ := partitionBounds(prefix, partitions[0])
			_, to := partitionBounds(prefix, partitions[n-1])
			if err := t.batch.DeleteRange(from, to, nil); err != nil {
				return err
			}
		}
		partitions = partitions[n:]
	}
	return nil
}

// putLeft stores what a clear leaves of an object, whose partition the batch has removed.
func (t *txn) putLeft(clear object.Clear, p ring.Partition, key []byte) error {
	hash := hashOf(key)
	old, err := t.find(p, hash, key)
	if err != nil || old.object == nil {
		return err
	}
	defer old.close()
	if err := t.old.DecodeFrom(old.object); err != nil {
		return t.w.db.corrupt("stored object", err)
	}
	left, _ := clear.Filter(t.old)
	if len(left.Clock) == 0 {
		return nil
	}
	return t.putNew(p, hash, key, indexState{}, &left, storedObject{})
}

// putNew stores an object in place of the one that is stored, whose state is given. If nothing
// is left of the object, the key is removed.
func (t *txn) putNew(p ring.Partition, hash uint64, key []byte, from indexState, o *object.Object, old storedObject) error {
	var encoded []byte
	var to indexState
	var digest object.Digest
	if len(o.Clock) > 0 {
		encoded = o.Append(nil)
		to, digest = indexStateOf(o.Lifetime()), object.SeedOf(key).DigestOf(o, encoded)
		if to.Lifetime == from.Lifetime {
			to = from
		}
		t.w.stats.newest[p].see(o.Clock)
		if err := t.put(p, hash, key, from, to, encoded); err != nil {
			return err
		}
	} else {
		if err := t.reindex(p, hash, key, from, indexState{}); err != nil {
			return err
		}
		t.key = appendPlace(t.key[:0], from.place(), p, hash, key)
		if err := t.batch.Delete(t.key, nil); err != nil {
			return err
		}
	}
	ch := changeOf(p, hash, from, to)
	if old.split.split() {
		t.dropParts(&old.split)
	}
	if old.spread.spread() {
		if err := (cellsPlace{partition: p, hash: hash, key: key}).drop(t); err != nil {
			return err
		}
	}
	ch.bytes, ch.digest = int64(len(encoded)-old.length()), digest^old.digest
	switch {
	case old.object == nil:
		ch.bytes += int64(len(key))
	case encoded == nil:
		ch.bytes -= int64(len(key))
	}
	t.stats = append(t.stats, ch)
	t.caches = append(t.caches, cacheUpdate{partition: p, hash: hash, key: key, object: encoded, digest: digest})
	return nil
}

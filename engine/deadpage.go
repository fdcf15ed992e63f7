package engine

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// DeadRange is a range of a partition's dead objects, in the order in which they died. The
// zero range is empty.
type DeadRange struct {
	partition    ring.Partition
	lower, upper []byte // keys of the index by death; the upper one is not in the range
}

// DeadBefore returns the range of the objects of p that have been dead since before a time.
func DeadBefore(p ring.Partition, t time.Time) DeadRange {
	lower, _ := partitionBounds(prefixDead, p)
	return DeadRange{partition: p, lower: lower, upper: afterMilli(bytes.Clone(lower), t.UnixMilli()-1)}
}

// Empty reports whether no object can lie in the range.
func (r DeadRange) Empty() bool { return bytes.Compare(r.lower, r.upper) >= 0 }

// DeadPage is the beginning of a range of dead objects.
type DeadPage struct {
	Refs []Ref     // of its objects, in the order of hash and key
	Read DeadRange // what was read
	Rest DeadRange // what lies behind it
}

// Page reads the beginning of a range: a number of objects at most, and about 1 MiB of keys.
// All of it shows one moment. The cost depends on how many objects are dead, not on how many
// are stored. Objects that have expired and are not stripped yet are left out.
func (x *Tombstones) Page(r DeadRange, most int) (page DeadPage, err error) {
	if r.Empty() {
		return DeadPage{}, nil
	}
	if !x.db.guard.enter() {
		return DeadPage{}, ErrClosed
	}
	defer x.db.guard.leave()
	it, err := x.db.pebble.NewIter(&pebble.IterOptions{LowerBound: r.lower, UpperBound: r.upper})
	if err != nil {
		return DeadPage{}, x.db.readError("read dead objects", err)
	}
	places, next := readDeadIndex(it, most)
	page.Read = r
	if next != nil {
		page.Read.upper, page.Rest = next, DeadRange{partition: r.partition, lower: next, upper: r.upper}
	}
	page.Refs, err = refsOf(it, r.partition, places)
	return page, x.db.readError("read dead objects", cmp.Or(err, it.Close()))
}

// readDeadIndex reads entries of the index by death: hash and key of each, as they follow one
// another on disk, and the place of the next entry, nil at the end.
func readDeadIndex(it *pebble.Iterator, most int) (places [][]byte, next []byte) {
	var all []byte
	var ends []int
	ok := it.First()
	for ; ok && len(ends) < most && len(all) < chunkBytes; ok = it.Next() {
		if key := it.Key(); len(key) >= indexHeader {
			all = append(all, key[indexHeader-hashBytes:]...)
			ends = append(ends, len(all))
		}
	}
	if ok {
		next = bytes.Clone(it.Key())
	}
	places = make([][]byte, len(ends))
	from := 0
	for i, end := range ends {
		places[i] = all[from:end:end]
		from = end
	}
	slices.SortFunc(places, bytes.Compare)
	return places, next
}

// refsOf reads the dead objects at some places, ascending, at the moment that an iterator shows.
func refsOf(moment *pebble.Iterator, p ring.Partition, places [][]byte) ([]Ref, error) {
	lower, upper := partitionBounds(prefixGrave, p)
	it, err := moment.Clone(pebble.CloneOptions{IterOptions: &pebble.IterOptions{LowerBound: lower, UpperBound: upper}})
	if err != nil {
		return nil, err
	}
	refs := make([]Ref, 0, len(places))
	at := bytes.Clone(lower)
	for _, place := range places {
		at = append(at[:len(lower)], place...)
		key := place[hashBytes:]
		encoded, digest, err := deadObject(it, at, key)
		if err != nil {
			break // Close returns it
		}
		if encoded != nil {
			refs = append(refs, Ref{Partition: p, Key: key, Digest: digest})
		}
	}
	return refs, it.Close()
}

// Same reports, for each of some objects of a partition, whether this very version of it is
// stored and dead. Each answer is true at a moment during the call. It reads faster than one
// by one, and what it reads is not cached.
func (x *Tombstones) Same(p ring.Partition, refs []Ref) (same []bool, err error) {
	same = make([]bool, len(refs))
	if len(refs) == 0 || !x.writer.stats.mayBeDead(p) {
		return same, nil
	}
	if !x.db.guard.enter() {
		return nil, ErrClosed
	}
	defer x.db.guard.leave()
	lower, upper := partitionBounds(prefixGrave, p)
	it, err := x.db.pebble.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, x.db.readError("read dead objects", err)
	}
	var at []byte
	for _, o := range byHash(refs) {
		r := refs[o.index]
		at = appendPlace(at[:0], prefixGrave, p, o.hash, r.Key)
		encoded, digest, err := deadObject(it, at, r.Key)
		if err != nil {
			break // Close returns it
		}
		same[o.index] = encoded != nil && digest == r.Digest
	}
	return same, x.db.readError("read dead objects", it.Close())
}

// deadObject returns the object of a key that lies at a place, and its digest, or nil. The
// object is valid until the iterator moves.
func deadObject(it *pebble.Iterator, at, key []byte) (encoded []byte, digest object.Digest, err error) {
	if encoded, err = valueAt(it, at); encoded == nil {
		return nil, 0, err
	}
	return encoded, object.SeedOf(key).Digest(encoded), nil
}

// valueAt returns what lies at a place, or nil. It is valid until the iterator moves.
func valueAt(it *pebble.Iterator, at []byte) ([]byte, error) {
	if !it.SeekGE(at) || !bytes.Equal(it.Key(), at) {
		return nil, it.Error()
	}
	return it.ValueAndErr()
}

// byHash returns the places of some objects in their order on disk.
func byHash(refs []Ref) []hashedRecord {
	order := make([]hashedRecord, len(refs))
	for i, r := range refs {
		order[i] = hashedRecord{hash: hashOf(r.Key), index: i}
	}
	slices.SortFunc(order, compareHashed)
	return order
}

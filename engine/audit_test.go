package engine

import (
	"strings"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// audit recomputes from the stored objects what the store keeps in its statistics and
// indexes, and compares. The existence filter must have every key.
func audit(tb rapid.TB, s *Store) {
	tb.Helper()
	type sums struct {
		live, total, bytes  int64
		valued              int64
		expiring, expirySum int64
		dead                int64
		leaves              [Leaves]uint64
	}
	want := make(map[ring.Partition]*sums)
	index := make(map[string]bool)
	for _, prefix := range []byte{prefixExpiry, prefixExpired, prefixDead} {
		from, to := prefixBounds(prefix)
		if err := s.db.forEach(from, to, func(k, _ []byte) error { index[string(k)] = true; return nil }); err != nil {
			tb.Fatal(err)
		}
	}
	seen := make(map[string]bool)
	named := make(map[string]bool)  // parts that a record names
	spread := make(map[string]bool) // where the cells of a record lie
	check := func(k, v []byte) error {
		p, hash, key, _ := splitObjectKey(k)
		if seen[string(k[1:])] {
			tb.Errorf("%q lies in two places", key)
		}
		seen[string(k[1:])] = true
		if isSplit(v) {
			r, err := s.db.parseSplit(partsPlace{partition: p, hash: uint64(hash) << 32}, v)
			if err != nil {
				return err
			}
			named[string(r.place.appendID(nil, r.id))] = true
			if v, err = s.db.readWhole(s.db.pebble, &r, nil); err != nil {
				return err
			}
		}
		length, digest := len(v), object.SeedOf(key).Digest(v)
		if isSpread(v) {
			r, err := s.db.parseSpread(v)
			if err != nil {
				return err
			}
			at := cellsPlace{partition: p, hash: hashOf(key), key: key}
			if v, err = at.appendCollected(s.db, s.db.pebble, &r, nil); err != nil {
				return err
			}
			if length, digest = r.length(), object.SeedOf(key).Digest(v); digest != r.digest {
				tb.Errorf("%q: digest %x in the record, %x of the whole", key, r.digest, digest)
			}
			spread[string(at.append(nil))] = true
			if err := at.each(s.db, s.db.pebble, func(cell object.Elements) error {
				if l, name := r.limits, string(cell[0].Name); len(l.first) > 0 && name < string(l.first) || len(l.last) > 0 && name > string(l.last) {
					tb.Errorf("%q: the cell %x is not between the limits %x and %x", key, name, l.first, l.last)
				}
				return nil
			}); err != nil {
				return err
			}
		}
		o, err := object.Decode(v)
		if err != nil {
			return err
		}
		w := want[p]
		if w == nil {
			w = new(sums)
			want[p] = w
		}
		st := indexStateOf(o.Lifetime())
		if st.place() != k[0] {
			tb.Errorf("%q lies in %c, not in %c", key, k[0], st.place())
		}
		if st.Kind == object.Expiring {
			st.counted = index[string(appendIndexKey(nil, prefixExpiry, p, st.At, hashOf(key), key))]
		}
		if i := st.index(); i != 0 {
			entry := string(appendIndexKey(nil, i, p, st.At, hashOf(key), key))
			if !index[entry] {
				tb.Errorf("%q: no entry in index %c", key, i)
			}
			delete(index, entry)
		}
		w.live += int64(st.live())
		w.valued += int64(st.valued())
		w.expiring += int64(st.expiring())
		w.expirySum += st.expirySum()
		w.dead += int64(st.dead())
		w.total++
		w.bytes += int64(len(key) + length)
		w.leaves[hash>>(32-leafBits)] ^= uint64(digest)
		return nil
	}
	for _, prefix := range []byte{prefixObject, prefixGrave} {
		from, to := prefixBounds(prefix)
		if err := s.db.forEach(from, to, check); err != nil {
			tb.Fatal(err)
		}
	}
	from, to := prefixBounds(prefixCell)
	if err := s.db.forEach(from, to, func(k, _ []byte) error {
		for prefix := range spread {
			if strings.HasPrefix(string(k), prefix) {
				return nil
			}
		}
		tb.Errorf("cell %q belongs to no object", k)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	from, to = prefixBounds(prefixPart)
	if err := s.db.forEach(from, to, func(k, _ []byte) error {
		if at, id, ok := splitPartKey(k); !ok || id.start == uint64(s.epochs.first) && !named[string(at.appendID(nil, id))] {
			tb.Errorf("part %x belongs to no object", k)
		}
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	if keys, err := takenForAbsent(s); len(keys) > 0 || err != nil {
		tb.Errorf("the existence filter takes for absent what is stored: %v, %v", keys, err)
	}
	for entry := range index {
		tb.Errorf("index entry %q belongs to no object", entry)
	}
	for p := range s.stats.of {
		w := want[ring.Partition(p)]
		if w == nil {
			w = new(sums)
		}
		if expiring, sum := s.Partitions().Expiring(ring.Partition(p)); expiring != w.expiring || sum != w.expirySum {
			tb.Errorf("partition %d: %d keys expire, with a sum of %d; want %d, %d", p, expiring, sum, w.expiring, w.expirySum)
		}
		if valued := s.Partitions().Valued(ring.Partition(p)); valued != w.valued {
			tb.Errorf("partition %d: %d objects have a value; want %d", p, valued, w.valued)
		}
		if stats := s.stats.at(ring.Partition(p)); stats != nil && stats.dead.Load() != w.dead {
			tb.Errorf("partition %d: %d dead objects; want %d", p, stats.dead.Load(), w.dead)
		}
		live, total := s.Partitions().Keys(ring.Partition(p))
		if live != w.live || total != w.total || s.Partitions().Bytes(ring.Partition(p)) != w.bytes {
			tb.Errorf("partition %d: %d live of %d keys, %d bytes; want %d, %d, %d",
				p, live, total, s.Partitions().Bytes(ring.Partition(p)), w.live, w.total, w.bytes)
		}
		for leaf, got := range s.Merkle().Nodes(ring.Partition(p), MerkleLevels-1, nil) {
			if got != w.leaves[leaf] {
				tb.Errorf("partition %d leaf %d: %x, want %x", p, leaf, got, w.leaves[leaf])
			}
		}
	}
}

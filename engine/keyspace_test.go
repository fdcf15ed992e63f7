package engine

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

func TestKeyspace_Keys_RoundTripAndStayInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOf(rapid.Byte()).Draw(t, "key")
		p := ring.Partition(rapid.Uint16().Draw(t, "partition"))
		node := causal.NodeID(rapid.Uint64().Draw(t, "node"))
		at := rapid.Int64Min(0).Draw(t, "at")
		hash := hashOf(key)
		in := func(k, lower, upper []byte) {
			if bytes.Compare(k, lower) < 0 || bytes.Compare(k, upper) >= 0 {
				t.Fatalf("%x is not in [%x, %x)", k, lower, upper)
			}
		}
		prefix := rapid.SampledFrom([]byte{prefixObject, prefixGrave}).Draw(t, "prefix")
		encoded := appendPlace(nil, prefix, p, hash, key)
		gotP, gotHash, got, ok := splitObjectKey(encoded)
		if !ok || gotP != p || gotHash != Hash32(key) || !bytes.Equal(got, key) {
			t.Fatalf("object key %x splits into %d %d %x", encoded, gotP, gotHash, got)
		}
		lower, upper := partitionBounds(prefix, p)
		in(encoded, lower, upper)
		lower, upper = leafBounds(p, leafOf(hash), leafOf(hash)+1)
		in(appendObjectKey(nil, p, hash, key), lower, upper)
		beside := chunk{beside: prefixGrave}
		in(appendPlace(nil, prefixGrave, p, hash, key), beside.moved(lower, lower), beside.moved(upper, lower))

		hint := appendHintKey(nil, node, p, hash, key)
		gotNode, gotP, got, ok := splitHintKey(hint)
		if !ok || gotNode != node || gotP != p || !bytes.Equal(got, key) {
			t.Fatalf("hint key %x splits into %d %d %x", hint, gotNode, gotP, got)
		}
		lower, upper = hintBounds(node)
		in(hint, lower, upper)

		index := appendIndexKey(nil, prefixDead, p, at, hash, key)
		gotP, gotAt, got, ok := splitIndexKey(index)
		if !ok || gotP != p || gotAt != at || !bytes.Equal(got, key) {
			t.Fatalf("index key %x splits into %d %d %x", index, gotP, gotAt, got)
		}
		lower, upper = partitionBounds(prefixDead, p)
		in(index, lower, upper)
	})
}

// FuzzSplit: nothing that could be found on disk may panic.
func FuzzSplit(f *testing.F) {
	f.Add(appendObjectKey(nil, 1, 2, []byte("k")))
	f.Add(appendHintKey(nil, 3, 1, 2, []byte("k")))
	f.Add(appendIndexKey(nil, prefixExpiry, 1, 4, 2, []byte("k")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, key, ok := splitObjectKey(b); ok && len(key) != len(b)-objectHeader {
			t.Errorf("object key: %d of %d bytes", len(key), len(b))
		}
		if _, _, key, ok := splitHintKey(b); ok && len(key) != len(b)-hintHeader {
			t.Errorf("hint key: %d of %d bytes", len(key), len(b))
		}
		if _, _, key, ok := splitIndexKey(b); ok && len(key) != len(b)-indexHeader {
			t.Errorf("index key: %d of %d bytes", len(key), len(b))
		}
		if _, encoded, err := splitHint(b); err == nil && len(encoded) != len(b)-hintTime {
			t.Errorf("hint: %d of %d bytes", len(encoded), len(b))
		}
	})
}

// leafBounds returns the range of the objects of some consecutive Merkle leaves.
func leafBounds(p ring.Partition, first, after int) (lower, upper []byte) {
	lower, upper = partitionBounds(prefixObject, p)
	lower = binary.BigEndian.AppendUint32(lower, uint32(first)<<(32-leafBits))
	if after < Leaves {
		upper, _ = partitionBounds(prefixObject, p)
		upper = binary.BigEndian.AppendUint32(upper, uint32(after)<<(32-leafBits))
	}
	return lower, upper
}

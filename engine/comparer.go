package engine

import (
	"bytes"
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
)

// newComparer returns Pebble's default comparer with a faster comparison of the same
// order. It keeps the name, so that directories open with either.
func newComparer() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Compare = compareKeys
	return &c
}

// compareKeys compares as bytes.Compare does. The first eight bytes of an object's key are
// its prefix, partition and hash, which tell nearly any two keys apart in one comparison.
func compareKeys(a, b []byte) int {
	if len(a) < 8 || len(b) < 8 {
		return bytes.Compare(a, b)
	}
	switch x, y := binary.BigEndian.Uint64(a), binary.BigEndian.Uint64(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return bytes.Compare(a[8:], b[8:])
}

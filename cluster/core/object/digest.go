package object

import (
	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/wire"
)

// Digest is a hash of a key and its object, to compare copies: two copies with the
// same digest are taken to be equal.
type Digest uint64

// Seed is the hash of a key, which seeds the digests of its objects.
type Seed uint64

// SeedOf returns the seed of key: its xxHash64.
func SeedOf(key []byte) Seed { return Seed(xxhash.Sum64(key)) }

// Digest returns the digest of an encoded object of the key. Without elements it is the xxHash64
// of the encoding, with the key's seed. Of a collection it is that of its [HeadOf], encoded,
// and of the sum of its elements' hashes (8 bytes): a change of a few elements changes the sum by
// their hashes, whatever else there is.
//
// Nodes of versions before took the hash of the encoding for collections as well. In a cluster of
// both, their trees differ where there are collections: they compare these again and again, find
// them equal, and keep what they have. Dead collections are not reaped meanwhile.
func (s Seed) Digest(encoded []byte) Digest {
	if len(encoded) > 0 && encoded[0] >= formatElements {
		if o, err := Decode(encoded); err == nil {
			return s.DigestOf(&o, encoded)
		}
	}
	return s.hash(encoded)
}

// DigestOf does what Digest does, for an object that is at hand beside its encoding.
func (s Seed) DigestOf(o *Object, encoded []byte) Digest {
	if len(o.Elements.listed()) == 0 {
		return s.hash(encoded)
	}
	head := HeadOf(o)
	return s.DigestOfHead(head.Append(nil), o.Elements.listed().sum())
}

// DigestOfHead returns the digest of a collection with this head, encoded, and this sum of the
// hashes of its elements.
func (s Seed) DigestOfHead(head []byte, sum uint64) Digest {
	return s.hash(wire.AppendUint64(head, sum))
}

// hash returns the xxHash64 of b, with the seed.
func (s Seed) hash(b []byte) Digest {
	var d xxhash.Digest
	d.ResetWithSeed(uint64(s))
	for len(b) > wire.Piece {
		_, _ = d.Write(b[:wire.Piece]) // it never fails
		b = b[wire.Piece:]
	}
	_, _ = d.Write(b)
	return Digest(d.Sum64())
}

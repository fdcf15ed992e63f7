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

// Digest returns the digest of an encoded object of the key: the xxHash64 of the
// encoding, with the key's seed.
func (s Seed) Digest(encoded []byte) Digest {
	var d xxhash.Digest
	d.ResetWithSeed(uint64(s))
	for len(encoded) > wire.Piece {
		_, _ = d.Write(encoded[:wire.Piece]) // it never fails
		encoded = encoded[wire.Piece:]
	}
	_, _ = d.Write(encoded)
	return Digest(d.Sum64())
}

package object

import "github.com/cespare/xxhash/v2"

// Digest is a hash of a key and its object, to compare copies: two copies with the
// same digest are taken to be equal.
type Digest uint64

// DigestOf returns the digest of key and the encoding of its object: the xxHash64
// of the encoding, seeded by the hash of the key.
func DigestOf(key, encoded []byte) Digest {
	var d xxhash.Digest
	d.ResetWithSeed(xxhash.Sum64(key))
	_, _ = d.Write(encoded) // it never fails
	return Digest(d.Sum64())
}

package object

import "github.com/cespare/xxhash/v2"

// Digest stands for a key and its object where copies are compared: two copies
// with the same digest are taken to be equal.
type Digest uint64

// DigestOf is the digest of key and of the encoding of its object: the xxHash64
// of the latter, seeded by that of the key.
func DigestOf(key, encoded []byte) Digest {
	var d xxhash.Digest
	d.ResetWithSeed(xxhash.Sum64(key))
	_, _ = d.Write(encoded) // it never fails
	return Digest(d.Sum64())
}

package object

import (
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/wire"
)

func TestDigest_LargeObject_IsThatOfOnePiece(t *testing.T) {
	encoded := make([]byte, 2*wire.Piece+1)
	for i := range encoded {
		encoded[i] = byte(i * 7)
	}
	key := []byte("key")
	for _, n := range []int{wire.Piece, wire.Piece + 1, len(encoded)} {
		var d xxhash.Digest
		d.ResetWithSeed(xxhash.Sum64(key))
		_, _ = d.Write(encoded[:n])
		if got := SeedOf(key).Digest(encoded[:n]); got != Digest(d.Sum64()) {
			t.Errorf("%d bytes: %x, want %x", n, got, d.Sum64())
		}
	}
}

package wire

import (
	"bytes"
	"hash/crc32"
	"testing"
)

// TestLarge_InPieces_IsTheSame covers lengths around a piece.
func TestLarge_InPieces_IsTheSame(t *testing.T) {
	whole := make([]byte, 3*Piece+1)
	for i := range whole {
		whole[i] = byte(i * 7)
	}
	for _, n := range []int{Piece - 1, Piece, Piece + 1, 2 * Piece, 3*Piece + 1} {
		b := whole[:n]
		want := append(AppendUvarint([]byte("before"), uint64(n)), b...)
		if got := AppendLong([]byte("before"), b); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: another form than in one piece", n)
		}
		if got, want := Checksum([]byte("before"), b), crc32.Checksum(append([]byte("before"), b...), crc32.MakeTable(crc32.Castagnoli)); got != want {
			t.Errorf("%d bytes: checksum %x, want %x", n, got, want)
		}
	}
}

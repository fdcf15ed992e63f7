package causal

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/wire"
)

func TestVector_Codec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyVector(t)
		b := append(v.Append([]byte("x")), "rest"...)
		got, rest, err := decodeVector(b[1:])
		if err != nil || !slices.Equal(got, v) || string(rest) != "rest" {
			t.Fatalf("%v: %v, want %v; rest %q", err, got, v, rest)
		}
		whole := v.Append(nil)
		for i := range whole {
			if _, _, err := decodeVector(whole[:i]); !errors.Is(err, wire.ErrCorrupt) {
				t.Fatalf("cut at %d: %v", i, err)
			}
		}
	})
}

// anyVector draws a well-formed vector.
func anyVector(t *rapid.T) (v Vector) {
	for node := NodeID(1); node <= 3; node++ {
		for epoch := Epoch(1); epoch <= 2; epoch++ {
			if n := Counter(rapid.IntRange(0, 4).Draw(t, "counter")); n > 0 {
				v = append(v, Entry{Actor: Actor{node, epoch}, Counter: n, Time: Timestamp(rapid.Uint64Range(1, 3).Draw(t, "time"))})
			}
		}
	}
	return v
}

func FuzzDecodeVector(f *testing.F) {
	for _, v := range []Vector{nil, entries[:1], entries} {
		f.Add(v.Append(nil))
	}
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := decodeVector(b)
		if err != nil {
			if !errors.Is(err, wire.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if again := append(v.Append(nil), rest...); !bytes.Equal(again, b) {
			t.Fatalf("decoded %x, encoded %x", b, again)
		}
	})
}

// decodeVector reads a vector off the front of b and returns what follows it.
// Errors wrap [wire.ErrCorrupt].
func decodeVector(b []byte) (v Vector, rest []byte, err error) {
	r := wire.NewReader(b)
	v = ReadVector(&r, nil)
	if r.Failed() {
		return nil, nil, wire.Corrupt("version vector")
	}
	return v, r.Rest(), nil
}

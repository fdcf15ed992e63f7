package ring

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestSlotOf_KnownKeys(t *testing.T) {
	for key, want := range map[string]Slot{
		"": 0, "foo": 12182, "bar": 5061, "a": 15495, "{a}b": 15495, "}{a}": 15495, "123456789": 12739,
		"foo{}bar":      14292, // an empty tag is none
		"foo{{bar}}zap": 4015,  // the tag is "{bar"
		"foo{bar}{zap}": 5061,  // the first tag counts
		"{bar":          4015,  // not closed
		"{}{a}":         13650, // the first one is empty: the whole key
	} {
		if got := SlotOf([]byte(key)); got != want {
			t.Errorf("slot of %q: %d, want %d", key, got, want)
		}
	}
}

func TestCRC16_AgreesWithTheBitwiseDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		var want uint16
		for _, c := range b {
			want ^= uint16(c) << 8
			for range 8 {
				carry := want&0x8000 != 0
				want <<= 1
				if carry {
					want ^= 0x1021
				}
			}
		}
		if got := crc16(b); got != want {
			t.Fatalf("crc16(%q) = %#x, want %#x", b, got, want)
		}
	})
}

func TestPartitionOf_CutsTheSlotsIntoEqualRuns(t *testing.T) {
	for q := 1; q <= Slots; q *= 2 {
		for p := range q {
			first, last := SlotRange(Partition(p), q)
			if int(first) != p*Slots/q || int(last) != (p+1)*Slots/q-1 {
				t.Fatalf("q %d: partition %d has slots %d to %d", q, p, first, last)
			}
			if PartitionOf(first, q) != Partition(p) || PartitionOf(last, q) != Partition(p) {
				t.Fatalf("q %d: slots %d and %d are not in partition %d", q, first, last, p)
			}
		}
	}
}

func TestValidName(t *testing.T) {
	long := fmt.Sprintf("%063d", 1)
	for _, name := range []string{"A", "node-1.eu_west", long} {
		if err := ValidName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", long + "x", "a b", "a\n", "é", "a/b", "a:1"} {
		if ValidName(name) == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
}

func BenchmarkSlotOf(b *testing.B) {
	for _, key := range []string{"key:000000012345", "user:{12345678}:profile"} {
		b.Run(key, func(b *testing.B) {
			b.ReportAllocs()
			k := []byte(key)
			for b.Loop() {
				SlotOf(k)
			}
		})
	}
}

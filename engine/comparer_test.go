package engine

import (
	"bytes"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestCompareKeys_AnyKeys_OrderAsBytesDo(t *testing.T) {
	if newComparer().Name != pebble.DefaultComparer.Name {
		t.Error("the comparer has another name: old directories would not open")
	}
	rapid.Check(t, func(t *rapid.T) {
		// Few letters and a common beginning make keys that are alike.
		key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'd', 0xff}), 0, 20)
		start := rapid.SampledFrom([][]byte{nil, []byte("d\x00\x01abcd"), []byte("d\x00\x01abcde")}).Draw(t, "start")
		a := append(bytes.Clone(start), key.Draw(t, "a")...)
		b := append(bytes.Clone(start), key.Draw(t, "b")...)
		if got, want := compareKeys(a, b), bytes.Compare(a, b); got != want {
			t.Fatalf("%x against %x: %d, want %d", a, b, got, want)
		}
	})
}

func BenchmarkCompare(b *testing.B) {
	var keys [1024][]byte
	for i := range keys {
		key := benchKey(nil, i)
		keys[i] = appendObjectKey(nil, ring.Partition(i%256), hashOf(key), key)
	}
	for name, compare := range map[string]pebble.Compare{"bytes": bytes.Compare, "keys": compareKeys} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				compare(keys[i%1024], keys[(i*7+1)%1024])
			}
		})
	}
}

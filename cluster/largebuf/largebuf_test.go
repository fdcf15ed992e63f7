package largebuf

import (
	"bytes"
	"runtime"
	"testing"
)

var kept []byte // so that memory is on the heap

// TestMake_LargeAgainAndAgain_NeedsMemoryForOne keeps one value at a time.
func TestMake_LargeAgainAndAgain_NeedsMemoryForOne(t *testing.T) {
	const size = 256 << 20
	kept = nil
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 8 {
		kept = nil
		kept = Make(size)
	}
	runtime.ReadMemStats(&after)
	kept = nil
	if n := after.HeapSys - before.HeapSys; n > size+size/2 {
		t.Errorf("the heap grew by %d MiB for one value of %d MiB at a time", n>>20, size>>20)
	}
}

func TestDue_WhenEnoughWasMade(t *testing.T) {
	for _, c := range []struct {
		n    int
		made uint64
		due  bool
	}{{Large, 0, false}, {Large, Worth - Large, false}, {Large, Worth - Large + 1, true}, {Worth + 1, 0, true}} {
		if got := due(c.n, c.made); got != c.due {
			t.Errorf("%d bytes after %d: %v", c.n, c.made, got)
		}
	}
}

func TestMade_CountsSinceTheLastCollection(t *testing.T) {
	kept = nil
	runtime.GC()
	if n := made(); n > 1<<20 {
		t.Errorf("%d bytes right after a collection", n)
	}
}

func TestGrow_KeepsWhatIsThere_AndMakesNoMore(t *testing.T) {
	b := append(make([]byte, 0, 8), "abc"...)
	if got := Grow(b, 5); &got[0] != &b[0] || cap(got) != 8 {
		t.Error("there was room")
	}
	got := Grow(b, 1000)
	if !bytes.Equal(got, b) || cap(got) != 1003 {
		t.Errorf("%q, room for %d, want %q, 1003", got, cap(got), b)
	}
}

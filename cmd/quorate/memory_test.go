package main

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestLimitMemory_FollowsTheSettings_UnlessGOMEMLIMITIsSet(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	var s nodeSettings
	s.node.Store.CacheBytes, s.node.Store.ObjectCacheBytes, s.node.Store.MemtableBytes = 256<<20, 128<<20, 16<<20
	s.client.ProtoMaxBulkLen = 64 << 20

	t.Setenv("GOMEMLIMIT", "off")
	debug.SetMemoryLimit(math.MaxInt64)
	s.limitMemory(1)
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("with GOMEMLIMIT set the limit became %d", got)
	}
	t.Setenv("GOMEMLIMIT", "")
	s.limitMemory(2)
	want := int64(2*128+512+2*2*64) << 20
	if !pebbleOffHeap {
		want += 2 * (256 + 8*16) << 20
	}
	if got := debug.SetMemoryLimit(-1); got != want {
		t.Errorf("limit %d, want %d", got, want)
	}
}

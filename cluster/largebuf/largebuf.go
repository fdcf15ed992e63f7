package largebuf

import (
	"runtime"
	"runtime/metrics"
)

const (
	// Large is from how many bytes on a value counts as large.
	Large = 16 << 20
	// Worth is for how many bytes, made since the last collection, another one is worth it.
	// That of a node takes milliseconds.
	Worth = 64 << 20
)

// Make returns an empty slice with room for n bytes.
func Make(n int) []byte {
	if n >= Large && due(n, made()) {
		runtime.GC()
	}
	return make([]byte, 0, n)
}

// due reports whether the garbage is to be collected before n bytes are made, where some bytes
// were made since the last collection.
func due(n int, made uint64) bool { return made+uint64(n) > Worth }

// Grow returns b with room for n more bytes, and no more than that if it has to be moved.
func Grow(b []byte, n int) []byte {
	if n <= cap(b)-len(b) {
		return b
	}
	return append(Make(len(b)+n), b...)
}

// made returns how many bytes were made since the last collection, at most.
func made() uint64 {
	samples := [2]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples[:])
	objects, live := samples[0].Value.Uint64(), samples[1].Value.Uint64()
	return objects - min(objects, live)
}

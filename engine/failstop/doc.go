// Package failstop stops a store at the first failure of its disk. It holds a file system
// that stands between Pebble and the disk ([FS]), the reason why writes are refused
// ([Health]), and the watch over the free space ([Space]).
//
// Pebble answers a failed write to its log or manifest by a panic or by ending the
// process, and retries some failed fsyncs. After a failed fsync the kernel may report
// success for pages that it has dropped, so that a retry proves nothing.
//
// Invariant: after the first failure nothing is written to the disk. What is on it then
// is what a kill at that instant leaves. A sync that was under way at that moment is not
// acknowledged, because whoever acknowledges asks [FS.Frozen] after the sync.
//
// Owns: nothing. It starts no goroutine. Operations of Pebble may wait in it until
// [FS.Release].
//
// Not: what a failed store does with its requests (engine), and damaged bytes that the
// disk returns without an error, which Pebble's checksums find.
package failstop

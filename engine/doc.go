// Package engine keeps a node's objects on disk, in one Pebble store.
//
// # What an acknowledged write is worth
//
// [Store.Apply] makes writes visible; [Commit.Wait] says when they are safe.
//
//   - [Always]: Wait returns after the write-ahead log holding the write has been
//     fsynced. Writers that wait together share one fsync. Neither kill -9 nor a
//     power cut loses what Wait approved.
//   - [Interval]: Wait returns at once; [Store.Run] fsyncs each
//     Options.SyncEvery. kill -9 of the process alone loses at most what was
//     still in the log writer's buffer; a power cut loses at most the writes since
//     the last fsync, and always a suffix: never a write older than one kept.
//
// In both modes a store that was not closed by [Store.Close] raises its epoch
// floor when it is opened again: a coordinator sends an object to its peers
// before its own disk has it, so that after an unclean stop nobody can prove that
// this disk remembers every dot that the node minted. Continuing an old epoch
// could then name two different values by one dot, and merge would drop one.
//
// A failed fsync, or a failed write to the log or the manifest, is fatal and is
// never retried: after it the kernel may claim success for pages that it dropped.
// The store stops writing to the disk altogether (package failstop), so that
// what is on it stays what a crash at that instant would have left; it refuses
// writes, and says so by [Store.Health] and once by Options.OnFatal.
//
// A disk that is nearly full, or full, refuses writes and leaves reads alone, until
// there is space; only if the log itself found no room must the store be opened
// again. A corrupt block refuses writes and spoils the reads that need it. Every
// partition is read through once a week, to find such blocks while other replicas
// are good.
//
// # Reading
//
// A cache of current objects (package objectcache) stands before Pebble, for reads and
// for the read half of every write. Scans, transfers and Merkle trees go to Pebble
// and leave it alone.
//
// A store whose data was lost on purpose (Options.LoseData) says so ([Store.Lacking])
// until its node has everything again.
//
// # Layout
//
// Keys are grouped by one-byte prefixes (keyspace.go). Objects lie ordered by
// partition, hash and key, so that one range scan serves a Merkle leaf, a cursor,
// a partition's transfer and its removal.
//
// Invariant: whatever is committed is reflected, before its stripe is unlocked,
// in the Merkle leaf, the counts and the indexes of its partition. A key's leaf
// number is its stripe number: both are the top ten bits of its hash.
//
// Invariant: no dot is minted twice (epoch.go).
//
// Invariant: what the cache says of a key is what is committed.
//
// Lock order: stripes in ascending order, then the mutexes of hints and epochs,
// then Pebble's own locks. No fsync is waited for under a stripe, except the rare
// one that leases epochs.
//
// Owns: the data directory and its lock; Pebble's goroutines; the goroutines of
// [Store.Run].
//
// Not: who should hold which key (cluster/core/ring), how copies travel
// (cluster/replica, cluster/handoff, cluster/antientropy), how two copies become
// one (cluster/core/causal). It imports cluster/core/causal and cluster/core/ring only.
package engine

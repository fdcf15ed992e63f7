// Package engine keeps a node's objects on disk, in one Pebble store.
//
// # What an acknowledged write is worth
//
// [Store.Apply] makes writes visible; [Commit.Wait] says when they are safe.
//
//   - [Always]: Wait returns after the write-ahead log holding the write has been
//     fsynced. Writers that wait together share one fsync. Neither kill -9 nor a
//     power cut loses a write for which Wait returned nil.
//   - [Interval]: Wait returns at once; [Store.Run] fsyncs each
//     Options.SyncEvery. kill -9 of the process alone loses at most what was
//     still in the log writer's buffer. A power cut loses at most the writes since
//     the last fsync, and always the newest: never a write older than one kept.
//
// What another node gives up once it is here (a hint, a partition that moves) comes by
// [Store.ApplySynced], for which Wait returns after the fsync in both modes.
//
// In both modes a store continues no epoch of an earlier start. A coordinator sends an
// object to its peers before its own disk has it, and a directory may be an older copy
// of itself. So nobody can prove that this disk knows every dot that the node minted.
// Continuing an old epoch could then name two different values by one dot, and merge
// would drop one (epoch.go).
//
// A failed fsync, or a failed write to the log or the manifest, is fatal and is
// never retried. The store stops writing to the disk altogether (package failstop). It
// refuses writes, and reports it by [Store.Health] and once by Options.OnFatal.
//
// While the disk is nearly full, or full, writes are refused and reads go on. Only if the
// log itself found no room must the store be opened again. A corrupt block refuses all
// writes, and fails the reads that need it. Every partition is read through once a week,
// to find such blocks while other replicas are good.
//
// # Reading
//
// A cache of current objects (package objectcache) stands before Pebble, for reads and
// for the read half of every write. Scans, transfers and Merkle trees read Pebble and
// leave the cache alone.
//
// An existence filter (package existence) knows keys that were never stored, so that a new
// key is written, and an absent one read, without a search of Pebble. It is built at each
// start, in the background, and whenever it is full (existence.go). Until then every key may
// be stored.
//
// # Parts
//
// A [Store] reads and writes objects itself. Everything else belongs to a part that it
// hands out, so that a caller depends on the part that it uses:
//
//	[Hints]       writes kept for other nodes      hints.go, hintcount.go, hintexpiry.go
//	[Clears]      the removal of everything at once clear.go, clearsweep.go, cleartxn.go, written.go, newest.go
//	[Merkle]      the trees of the partitions      merkle.go
//	[Partitions]  counts, dropping a partition     partition.go
//	[Tombstones]  dead objects and their removal   tombstone.go
//	[State]       the node's own small state       state.go
//	[DiskLoss]    whether data was lost on purpose diskloss.go
//
// Inside, the parts share a database (Pebble and what protects it), a writer (batches
// under stripes: txn.go, apply.go, applyhint.go), the statistics of the partitions
// (stats.go, saved by savedstats.go, rebuilt by rebuild.go, checked by scrub.go) and the
// epochs (epoch.go). Work on many keys leaves time to requests (pace.go).
//
// # Layout
//
// Keys are grouped by one-byte prefixes (keyspace.go). Objects lie ordered by
// partition, hash and key, so that one range scan serves a Merkle leaf, a cursor,
// a partition's transfer and its removal.
//
// A large object lies in parts, so that Pebble does not need several times its size in memory. A
// record in its place has what most of the store must know of it (split.go, splitwrite.go). A
// crash may leave parts that belong to nothing: the next start removes them (splitsweep.go).
//
// A collection of many elements is spread: each of them is a record of its own, so that a change of
// one does not read and write the others (spread.go, spreadwrite.go, applypart.go, readpart.go). Nor
// does a change at the ends of a list (spreadends.go). One batch changes the elements and the record
// that has their totals.
//
// Dead objects, which have tombstones and stripped values only, lie in a range of their
// own: [Store.ScanValued] costs nothing for them, [Store.Scan] merges the two ranges. A
// read looks for an object with a value first. An object that dies, or lives again,
// moves in the batch that changes it. The space of what was removed returns to the disk by
// later compactions, or soon on an idle node (reclaim.go). A store of an older version is
// upgraded when it is opened (upgrade.go).
//
// Invariant: before a stripe is unlocked, what was committed under it is reflected in the
// Merkle leaf, the counts and the indexes of its partition. Holders of other stripes change
// the same leaf and the same counts at the same time, so that all of these are changed by
// atomic operations which may come in any order. Whoever needs them to stand still locks all
// stripes.
//
// Invariant: a key has one object at most, and where that lies follows from the object.
//
// Invariant: the cells of a key are those of the spread object in its place, have the totals that its
// record says, and lie between the limits that it has; where there is no such object, there are none.
//
// Invariant: no dot is minted twice (epoch.go).
//
// Invariant: but for hints, and partitions that are being swept, nothing stored has an event that
// the clear of this node covers (clear.go).
//
// Invariant: what the cache says of a key is what is committed.
//
// Invariant: a key is in the existence filter before the commit of its first object.
//
// Lock order: one intent, or all of them in ascending order (stripe.go); stripes in
// ascending order; the mutexes of the hint counts and the epochs; Pebble's own locks.
// Nobody waits for an fsync under a stripe, except for the rare one that leases epochs, and for
// the writer of a large object.
//
// Owns: the data directory and its lock; Pebble's goroutines; the goroutines of
// [Store.Run]; the goroutine that stops the store. Run and [Store.Close] leave theirs
// behind if the disk does not answer.
//
// Not: who should hold which key (cluster/core/ring), how copies travel
// (cluster/replica, cluster/handoff, cluster/antientropy), how two copies become
// one (cluster/core/object), what follows from a failing disk (engine/failstop). Of
// cluster it imports cluster/core and cluster/largebuf only.
package engine

// Package existence remembers which keys may be stored, so that a lookup of a key that was
// never stored need not search Pebble's memtables and tables. Most of the cost of writing a
// new key was that search: the read before the write.
//
// A [Filter] is a blocked Bloom filter (Putze, Sanders, Singler: Cache-, Hash- and
// Space-Efficient Bloom Filters, 2007). All bits of a key lie in one block of 512 bits, which
// is one cache line. A full filter takes about one absent key in a hundred for a stored
// one.
//
// A filter cannot forget one key, and cannot be enlarged in place. So another one is built
// from the keys that are stored, when the filter counts more keys than it has room for:
//
//  1. While no key is being added, [Build.Begin] makes all additions from then on go to both
//     filters, and the caller takes a snapshot of the store.
//  2. The caller adds the keys of the snapshot ([Build.Add]). The old filter answers.
//  3. [Build.Publish] makes the new filter answer.
//
// Before the first Publish nothing is known, and every key may be stored.
//
// A dynamic filter that adds further tables when it is full (a scalable Bloom filter) needs no
// second reading of the keys. It is not used, because it never gives up the keys that were
// removed: with short-lived keys it would grow for ever. A library is not used, because those
// at hand do not allow readers beside writers without a lock.
//
// Invariant: [Filter.MayContain] returns true for every key whose addition returned before
// the call, and that was not removed from the store since. The engine adds a key before the
// commit that makes its first object visible, under the stripe of the key.
//
// Invariant: the memory of a filter is within its limit, whatever the number of keys. Beyond
// the limit more keys are taken for stored ones.
//
// Owns: its memory. It starts no goroutine.
//
// Not: reading the stored keys, and deciding when to build, which is the engine's work
// (engine/existence.go). Hints are not in it. It imports cluster/core only.
package existence

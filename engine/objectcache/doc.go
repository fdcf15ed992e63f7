// Package objectcache remembers the current objects of hot keys, and keys that are known
// to have none. The read before each write, and the read of a hot key, then need not
// search the memtables, which costs more than all the rest of either.
//
// Memory is bounded in bytes. Each shard has two generations: entries go to the young
// one. When that is full it becomes the old one, and an entry that is used there moves
// to the young one again. What was not used during a whole generation is dropped with
// it. Objects larger than an eighth of a generation are not kept. Entries lie in byte
// slices without pointers, so that the garbage collector does not look at them. While a
// generation is small its memory grows with it; a larger one lies in a part of a slab of
// huge pages, where all of the slab counts as used. Whoever looks up many keys has the
// processor load them all at once (Prefetch): most of a look-up is waiting for memory.
//
// Libraries such as fastcache and otter are not used, because they cannot give the
// invariant: they may drop or delay an update, and they cannot forget a partition at
// once, which a term per partition does here.
//
// Invariant: what the cache says of a key is what the store holds. Only the holder of
// the key's stripe writes entries: after the commit that changed the object, or with
// what was read under the same lock. So a reader, who holds no lock, sees what was
// committed before its read began. Dropping a partition starts a new term for it, and
// entries of older terms are not used.
//
// Owns: its memory. It starts no goroutine.
//
// Not: hints, which are read rarely. It imports cluster/core only.
package objectcache

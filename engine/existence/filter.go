package existence

import (
	"math/bits"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/ring"
)

// leastBytes is the size of the smallest table: 105,000 keys.
const leastBytes = 128 << 10

// Filter tells which keys are certainly not stored. It is safe for concurrent use, under the
// rules of the package.
type Filter struct {
	tables         atomic.Pointer[tables]
	limit          int64 // blocks of a table, a power of two
	full           chan struct{}
	falsePositives atomic.Int64
}

// tables is what a filter has at one moment. It is not changed, so that whoever adds a key
// meets either the tables before a Publish or those after it, and the key is in the later one
// in both cases.
type tables struct {
	ready   *table // answers; nil: nothing is known
	filling *table // takes additions as well, or nil
}

// New returns a filter that knows nothing yet, and whose tables have at most limit bytes
// each: at least 128 KiB, and else rounded down to a power of two.
func New(limit int64) *Filter {
	blocks := max(limit, leastBytes) / blockBytes
	f := &Filter{limit: 1 << (bits.Len64(uint64(blocks)) - 1), full: make(chan struct{}, 1)}
	f.tables.Store(new(tables))
	return f
}

// MayContain reports whether a key may be stored. It returns false only if the key was not
// added, or was removed from the store before the filter was built.
func (f *Filter) MayContain(p ring.Partition, hash uint64) bool {
	t := f.tables.Load().ready
	return t == nil || t.contains(mixedHash(p, hash))
}

// Add adds a key, before the commit that stores its first object. The caller holds the key's
// stripe from then until the commit.
func (f *Filter) Add(p ring.Partition, hash uint64) {
	now, mixed := f.tables.Load(), mixedHash(p, hash)
	if now.filling != nil {
		now.filling.add(mixed)
	}
	if t := now.ready; t != nil {
		if keys := t.add(mixed); keys != 0 && keys%t.capacity == 0 {
			f.signal()
		}
	}
}

func (f *Filter) signal() {
	select {
	case f.full <- struct{}{}:
	default: // the last signal was not seen yet
	}
}

// Full returns a channel that receives when the filter has become full, and again for each
// further number of keys that would fill it.
func (f *Filter) Full() <-chan struct{} { return f.full }

// Due reports whether a filter that is built now, from this many stored keys, would be better
// than the one that answers: there is none, or it is full and another one would be larger, or
// would hold no more than half of its keys.
func (f *Filter) Due(stored int64) bool {
	t := f.tables.Load().ready
	if t == nil {
		return true
	}
	counted := t.keys.Load()
	return counted >= t.capacity && (f.blocksFor(stored)*blockBytes > t.bytes() || counted >= 2*stored)
}

// blocksFor returns the size of a table that has room for twice as many keys.
func (f *Filter) blocksFor(keys int64) int64 {
	blocks := int64(leastBytes / blockBytes)
	for blocks < f.limit && capacityOf(blocks) < 2*keys {
		blocks *= 2
	}
	return blocks
}

// FalsePositive counts a key that the filter took for a stored one.
func (f *Filter) FalsePositive() {
	if f.tables.Load().ready != nil {
		f.falsePositives.Add(1)
	}
}

// Stats describes a filter.
type Stats struct {
	Keys           int64 // different keys that were added, about; 0 while nothing is known
	Bytes          int64 // of memory
	FalsePositives int64 // so far
}

// Stats returns the filter's statistics.
func (f *Filter) Stats() Stats {
	s, now := Stats{FalsePositives: f.falsePositives.Load()}, f.tables.Load()
	if now.ready != nil {
		s.Keys, s.Bytes = now.ready.keys.Load(), now.ready.bytes()
	}
	if now.filling != nil {
		s.Bytes += now.filling.bytes()
	}
	return s
}

// Build is a table that is being filled to take the place of the filter's present one. A
// filter has one build at a time. Only one goroutine may use it.
type Build struct {
	filter *Filter
	table  *table
}

// NewBuild allocates a build with room for twice this many keys.
func (f *Filter) NewBuild(keys int64) *Build {
	return &Build{filter: f, table: newTable(f.blocksFor(keys))}
}

// Begin makes the build take every addition from now on. No key may be between its addition
// and its commit during the call.
func (b *Build) Begin() {
	b.filter.tables.Store(&tables{ready: b.filter.tables.Load().ready, filling: b.table})
}

// Add adds a key that was stored before Begin.
func (b *Build) Add(p ring.Partition, hash uint64) { b.table.add(mixedHash(p, hash)) }

// Publish makes the build's table answer. Every key that was stored at Begin must have been
// added.
func (b *Build) Publish() {
	b.filter.tables.Store(&tables{ready: b.table})
	if b.table.keys.Load() >= b.table.capacity {
		b.filter.signal()
	}
}

// Discard ends a build that is not complete.
func (b *Build) Discard() {
	b.filter.tables.Store(&tables{ready: b.filter.tables.Load().ready})
}

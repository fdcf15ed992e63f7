package coverage

import (
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// readAhead keeps the keys that scans have read and not returned yet. A scan that asks for
// few keys at a time would otherwise ask the replicas for every few of them.
//
// A scan may find only what was read after it began, or it could miss a key that has been
// there ever since. So no two scans share a cursor for which keys are kept. Any hash
// between the last key that was returned and the first one that is kept leads to the same
// key. Of these hashes each cursor takes another one. Its low bits are the number of the
// node, the others count up. On any other node, and later, the cursor is as good as
// any: the replicas are asked.
type readAhead struct {
	mu struct {
		sync.Mutex
		kept   map[uint64]*kept // by cursor
		bytes  int              // of all keys that are kept
		minted uint32           // counts the cursors
	}
}

// kept is what a scan has ready when it comes with its next cursor.
type kept struct {
	page   page      // what was read and not returned; without keys: nothing
	size   int       // how many keys the replicas were last asked for
	read   time.Time // when that began; monotonic
	number uint32    // of this node, when it made the cursor
	bytes  int       // of the keys
}

const (
	aheadKeys     = 512             // keys read at once at most, for scans that ask for fewer
	aheadLifetime = 2 * time.Second // after that the replicas are asked
	aheadScans    = 256             // cursors that something is kept for
	aheadBytes    = 4 << 20         // of keys that are kept

	numberBits   = 10 // of a cursor: there are at most 1024 members
	leastHashes  = 8  // that a cursor is chosen among
	aheadKeyCost = 64 // bytes that a key takes beside its own
)

func newReadAhead() *readAhead {
	a := new(readAhead)
	a.mu.kept = make(map[uint64]*kept)
	return a
}

// numberOf returns the number of a member, which no other one has in the same view.
func numberOf(view *ring.Ring, id ring.NodeID) uint32 {
	i := slices.IndexFunc(view.Members(), func(m ring.Member) bool { return m.ID == id })
	return uint32(max(i, 0)) % (1 << numberBits)
}

// take returns what is kept for a cursor, and keeps it no longer.
func (a *readAhead) take(cursor uint64, number uint32) (kept, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := a.mu.kept[cursor]
	if k == nil {
		return kept{}, false
	}
	a.dropLocked(cursor)
	if k.number != number || time.Since(k.read) >= aheadLifetime {
		return kept{}, false
	}
	return *k, true
}

// put keeps k for a cursor in partition p, which it returns. The cursor leads to the first
// key of the page, and last is the hash of the key before it. put returns false, and keeps
// nothing, if the two hashes are too close.
func (a *readAhead) put(p int, last uint32, k kept) (cursor uint64, ok bool) {
	next := k.page.keys[0].hash
	for _, key := range k.page.keys {
		k.bytes += len(key.key) + aheadKeyCost
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	hash, ok := between(last, next, k.number, a.mu.minted)
	if !ok {
		return cursorAt(p, next), false
	}
	a.mu.minted++
	cursor = cursorAt(p, hash)
	a.storeLocked(cursor, k)
	return cursor, true
}

// putSize remembers for a cursor how many keys the replicas were last asked for. That is
// true of any scan.
func (a *readAhead) putSize(cursor uint64, k kept) {
	k.page = page{}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.storeLocked(cursor, k)
}

func (a *readAhead) storeLocked(cursor uint64, k kept) {
	if old := a.mu.kept[cursor]; k.bytes > aheadBytes || old != nil && old.read.After(k.read) {
		return // the newer one is good for both scans
	}
	a.dropLocked(cursor)
	for len(a.mu.kept) >= aheadScans || a.mu.bytes+k.bytes > aheadBytes {
		a.dropOldestLocked()
	}
	a.mu.kept[cursor] = &k
	a.mu.bytes += k.bytes
}

func (a *readAhead) dropLocked(cursor uint64) {
	if k := a.mu.kept[cursor]; k != nil {
		a.mu.bytes -= k.bytes
		delete(a.mu.kept, cursor)
	}
}

func (a *readAhead) dropOldestLocked() {
	var oldest uint64
	var read time.Time
	for cursor, k := range a.mu.kept {
		if read.IsZero() || k.read.Before(read) {
			oldest, read = cursor, k.read
		}
	}
	a.dropLocked(oldest)
}

// between returns one of the hashes behind last, up to next, whose low bits are number:
// the nth of them, counted round and round. It returns false if there are too few of them
// to tell scans apart.
func between(last, next, number, n uint32) (hash uint32, ok bool) {
	const step = 1 << numberBits
	first := uint64(last) + 1
	first += (uint64(number) - first) % step
	if first+step*(leastHashes-1) > uint64(next) {
		return 0, false
	}
	choices := (uint64(next)-first)/step + 1
	return uint32(first + step*(uint64(n)%choices)), true
}

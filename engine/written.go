package engine

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Bounds of what is noted before a clear.
const (
	maxNotedKeys  = 1 << 16
	maxNotedBytes = 64 << 20 // of keys and objects
)

// writtenKeys notes which keys are written from the preparation of a clear until the clear
// comes. Those alone can have versions that the clear does not cover, if it covers all that
// was stored before. If there are too many, nothing is known.
type writtenKeys struct {
	noting atomic.Bool
	mu     sync.Mutex
	keys   map[noted]struct{}
	bytes  int64
	before []object.Clear // what was stored when it began, by partition
}

// noted is a key and its partition.
type noted struct {
	partition ring.Partition
	key       string
}

// begin begins to note keys, unless it goes on already.
func (w *writtenKeys) begin(newest []newestEpochs) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.noting.Load() {
		return
	}
	w.keys, w.bytes = make(map[noted]struct{}), 0
	w.noting.Store(true) // first: who does not see it has been seen by newest
	w.before = make([]object.Clear, len(newest))
	for p := range newest {
		w.before[p] = newest[p].clear()
	}
}

// add notes what a batch has changed. Its keys are locked.
func (w *writtenKeys) add(changes []cacheUpdate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.noting.Load() {
		return
	}
	for i := range changes {
		c := &changes[i]
		w.keys[noted{c.partition, string(bytes.Clone(c.key))}] = struct{}{}
		w.bytes += int64(len(c.key) + len(c.object))
	}
	if len(w.keys) > maxNotedKeys || w.bytes > maxNotedBytes {
		w.endLocked()
	}
}

// take ends the noting. It returns which keys were written since it began, and what was stored
// in each partition then. known is false if that is not known.
func (w *writtenKeys) take() (keys map[noted]struct{}, before []object.Clear, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	keys, before, known = w.keys, w.before, w.noting.Load()
	w.endLocked()
	return keys, before, known
}

func (w *writtenKeys) endLocked() {
	w.noting.Store(false)
	w.keys, w.before, w.bytes = nil, nil, 0
}

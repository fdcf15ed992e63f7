package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/engine/existence"
)

// existenceBytes bounds the existence filter's table: 107 million keys. While another one is
// built there are two.
const existenceBytes = 128 << 20

// objectPrefixes are those under which objects lie. The existence filter does not tell one
// from the other.
var objectPrefixes = []byte{prefixObject, prefixGrave}

// existenceBuilder builds the store's existence filter (package existence): at each start,
// because a copy that an earlier run had saved might lack keys, and whenever the filter is
// full.
type existenceBuilder struct {
	db       *database
	filter   *existence.Filter
	stats    *statistics
	stripes  *stripes
	pacer    *pacer
	snapshot heldSnapshot
}

// begin makes the filter of a store ready that has no objects by its statistics, before the
// first write.
func (b *existenceBuilder) begin() error {
	if b.stats.objects() > 0 {
		return nil
	}
	for _, prefix := range objectPrefixes {
		lower, upper := prefixBounds(prefix)
		it, err := b.db.pebble.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		if err != nil {
			return b.db.readError("look for objects", err)
		}
		found := it.First()
		if err := it.Close(); err != nil || found {
			return b.db.readError("look for objects", err)
		}
	}
	build := b.filter.NewBuild(0)
	build.Begin()
	build.Publish()
	return nil
}

// run builds the filter whenever a new one is due, until ctx ends or the store is closed. The
// statistics must be complete. Where the keys cannot be read the present filter stays.
func (b *existenceBuilder) run(ctx context.Context) {
	for {
		if b.filter.Due(b.stats.objects()) {
			if err := b.build(ctx); err != nil && !errors.Is(err, ErrClosed) {
				b.db.opts.Logger.Error("the existence filter could not be built: new keys cost more to write", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-b.db.guard.closing:
			return
		case <-b.filter.Full():
		}
	}
}

// build builds a filter from the keys that are stored, beside the running writes.
func (b *existenceBuilder) build(ctx context.Context) error {
	build := b.filter.NewBuild(b.stats.objects())
	snapshot, err := b.start(build)
	if err != nil {
		return err
	}
	defer b.end()
	if err := b.addAll(ctx, build, snapshot); err != nil || ctx.Err() != nil {
		build.Discard()
		return err
	}
	build.Publish()
	return nil
}

// addAll adds the keys of a snapshot, unless ctx ends before.
func (b *existenceBuilder) addAll(ctx context.Context, build *existence.Build, snapshot *pebble.Snapshot) error {
	pace := b.pacer.begin()
	for e, err := range b.db.everyKey(snapshot, func() { pace.pause(ctx) }) {
		if err != nil || ctx.Err() != nil {
			return err
		}
		p, _, key, ok := splitObjectKey(e.key)
		if !ok {
			return b.db.corrupt("key", fmt.Errorf("%x", e.key))
		}
		build.Add(p, hashOf(key))
	}
	return nil
}

// start has the build take all additions from now on, and takes a snapshot with the keys from
// before. A key is added and committed under its stripe, so that with all of them locked none
// is in between.
func (b *existenceBuilder) start(build *existence.Build) (*pebble.Snapshot, error) {
	if !b.db.guard.enter() {
		return nil, ErrClosed
	}
	defer b.db.guard.leave()
	b.stripes.lockAll()
	defer b.stripes.unlockAll()
	build.Begin()
	return b.snapshot.take(b.db.pebble), nil
}

// end closes the snapshot. If the store is being closed, that does it.
func (b *existenceBuilder) end() {
	if b.db.guard.enter() {
		b.snapshot.release()
		b.db.guard.leave()
	}
}

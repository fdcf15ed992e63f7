package antientropy

import (
	"bytes"
	"context"
	"fmt"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// fetchLeaves copies leaves that are empty here, by pages of whole objects.
func (c *comparison) fetchLeaves(ctx context.Context, leaves *leafSet) error {
	var at cursor
	for more := true; more; {
		err := c.carry(ctx, func(ctx context.Context) error {
			request := rangeRequest{partition: c.partition, leaves: *leaves, at: at}
			answer, err := c.call(ctx, peer.Objects, request.append(nil))
			if err != nil {
				return err
			}
			objects, err := decodeObjects(answer, at)
			if err != nil {
				return err
			}
			if more = objects.more; more {
				at.advance(objects.end.hash, objects.end.key)
			}
			return c.merge(ctx, objects.entries)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pushLeaves copies leaves that are empty at the peer, batch by batch.
func (c *comparison) pushLeaves(ctx context.Context, leaves *leafSet) error {
	var at cursor
	for more := true; more; {
		err := c.carry(ctx, func(ctx context.Context) (err error) {
			var batch []stored
			if batch, more, err = collect(c.x.objects, c.partition, leaves, at); err != nil {
				return err
			}
			if more {
				last := batch[len(batch)-1].key
				at.advance(engine.Hash32(last), last)
			}
			c.stats.KeysExchanged += int64(len(batch))
			return c.push(ctx, batch)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// collect copies the objects of leaves that lie ahead of at, as many as fit a page.
func collect(store scanner, p ring.Partition, leaves *leafSet, at cursor) (batch []stored, more bool, err error) {
	size := 0
	for e, err := range entriesOf(store, p, leaves, at) {
		if err != nil {
			return nil, false, err
		}
		next := stored{key: e.Key, object: e.Object}
		if size += next.size(); size > pageBytes && len(batch) > 0 {
			return batch, true, nil
		}
		if next.key = bytes.Clone(e.Key); !e.Owned {
			next.object = bytes.Clone(e.Object)
		}
		batch = append(batch, next)
	}
	return batch, false, nil
}

// fetchKeys asks for the peer's objects of the keys that differ and merges them.
func (c *comparison) fetchKeys(ctx context.Context, wanted []listed) error {
	for len(wanted) > 0 {
		err := c.carry(ctx, func(ctx context.Context) error {
			n, err := c.fetchSome(ctx, wanted)
			wanted = wanted[n:]
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchSome fetches and merges the first n of wanted, at least one.
func (c *comparison) fetchSome(ctx context.Context, wanted []listed) (n int, err error) {
	var keys [][]byte
	for size := 0; len(keys) < min(len(wanted), maxKeys); {
		key := wanted[len(keys)].key
		if size += len(key); size > pageBytes && len(keys) > 0 {
			break
		}
		keys = append(keys, key)
	}
	answer, err := c.call(ctx, peer.Fetch, appendFetchRequest(nil, c.partition, keys))
	if err != nil {
		return 0, err
	}
	objects, err := decodeFetched(answer, len(keys))
	if err != nil {
		return 0, err
	}
	var arrived []stored
	for i, object := range objects {
		if len(object) > 0 { // otherwise it was reaped since it was listed
			arrived = append(arrived, stored{key: keys[i], object: object})
		}
	}
	return len(objects), c.merge(ctx, arrived)
}

// merge merges the peer's objects into this node's, and sends back the results
// that are not what the peer holds.
func (c *comparison) merge(ctx context.Context, arrived []stored) error {
	merged, failed, err := apply(c.x.objects.Apply, c.partition, arrived)
	if err != nil {
		return err
	}
	c.stats.KeysExchanged += int64(len(arrived))
	c.stats.KeysFailed += int64(failed)
	var back []stored
	for i := range merged {
		if merged[i].Err != nil || bytes.Equal(merged[i].Stored, arrived[i].object) {
			continue
		}
		back = append(back, stored{key: arrived[i].key, object: merged[i].Stored})
	}
	return c.push(ctx, back)
}

// push sends objects for the peer to merge, in messages of about a page.
func (c *comparison) push(ctx context.Context, objects []stored) error {
	for len(objects) > 0 {
		request := appendHeader(nil, c.partition)
		n := 0
		for ; n < len(objects); n++ {
			if n > 0 && len(request)+objects[n].size() > pageBytes {
				break
			}
			request = objects[n].append(request)
		}
		answer, err := c.call(ctx, peer.PushObjects, request)
		if err != nil {
			return err
		}
		result, err := decodePushed(answer)
		if err != nil {
			return err
		}
		c.stats.KeysFailed += int64(min(result.failed, uint64(n)))
		c.stats.KeysTaken += int64(min(result.changed, uint64(n)))
		objects = objects[n:]
	}
	return nil
}

// apply merges objects into the local copies, by a method of the engine, and waits until
// they are as safe as it promises. An error of one object is in its record, and counted,
// so that one damaged object does not keep the others from being merged.
func apply(store func([]*engine.Record) (engine.Commit, error), p ring.Partition, objects []stored) (merged []engine.Record, failed int, err error) {
	merged = make([]engine.Record, len(objects))
	records := make([]*engine.Record, len(objects))
	for i, o := range objects {
		merged[i] = engine.Record{Partition: p, Key: o.key, Merge: o.object}
		records[i] = &merged[i]
	}
	if len(records) == 0 {
		return nil, 0, nil
	}
	commit, err := store(records)
	if err == nil {
		err = commit.Wait()
	}
	if err != nil {
		return nil, 0, fmt.Errorf("merge objects: %w", err)
	}
	for i := range merged {
		if merged[i].Err != nil {
			failed++
		}
	}
	return merged, failed, nil
}

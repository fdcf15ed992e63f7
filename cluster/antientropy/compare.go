package antientropy

import (
	"bytes"
	"cmp"
	"context"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/peer"
)

// compareLeaves goes through leaves that both sides have, page by page of the
// peer's listing, and makes the keys that differ equal.
func (c *comparison) compareLeaves(ctx context.Context, leaves *leafSet) error {
	var at cursor
	for {
		request := rangeRequest{partition: c.partition, leaves: *leaves, at: at}
		answer, err := c.call(ctx, peer.LeafDigests, request.append(nil))
		if err != nil {
			return err
		}
		listing, err := decodeListing(answer, at)
		if err != nil {
			return err
		}
		c.stats.KeysCompared += int64(len(listing.entries))
		if err := c.comparePage(ctx, leaves, &at, listing); err != nil || !listing.more {
			return err
		}
	}
}

// comparePage compares what the peer listed with what is stored here in the same
// range, and moves at to the page's end. It exchanges what differs in batches. No
// scan is open between two batches, so that a slow peer does not pin the engine's
// files.
func (c *comparison) comparePage(ctx context.Context, leaves *leafSet, at *cursor, listing page[listed]) error {
	for complete := false; !complete; {
		var found differences
		err := c.carry(ctx, func(ctx context.Context) (err error) {
			if complete, err = c.join(leaves, at, &listing, &found); err != nil {
				return err
			}
			c.stats.KeysExchanged += int64(len(found.push))
			return c.push(ctx, found.push)
		})
		if err != nil {
			return err
		}
		if err := c.fetchKeys(ctx, found.fetch); err != nil {
			return err
		}
		large, err := c.lookAgain(ctx, found.large)
		if err == nil {
			err = c.fetchKeys(ctx, large)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// differences is a bounded batch of keys that are not equal on both sides.
type differences struct {
	fetch []listed // the peer's object is needed here; keys alias the page
	large []listed // the same, of large collections that are looked at again
	push  []stored // this node's object is needed there; own memory
	bytes int      // of push
}

func (d *differences) full() bool {
	return d.bytes >= pageBytes || len(d.push) >= maxKeys || len(d.large) >= mostLooks
}

// join walks the page and the local entries side by side, both in the order of
// (hash, key), and collects what differs until the page's end, then returns
// true, or until the batch is full. The page's entries are consumed, and at
// stands behind the last entry compared.
func (c *comparison) join(leaves *leafSet, at *cursor, listing *page[listed], found *differences) (bool, error) {
	takeTheirs := func() {
		theirs := listing.entries[0]
		listing.entries = listing.entries[1:]
		at.advance(theirs.hash, theirs.key)
		if c.direction == bothWays {
			found.fetch = append(found.fetch, theirs)
		}
	}
	for ours, err := range entriesOf(c.x.objects, c.partition, leaves, *at) {
		if err != nil {
			return false, err
		}
		for len(listing.entries) > 0 && order(listing.entries[0], ours.Hash, ours.Key) < 0 {
			takeTheirs()
		}
		digest := object.SeedOf(ours.Key).Digest(ours.Object)
		matched := len(listing.entries) > 0 && order(listing.entries[0], ours.Hash, ours.Key) == 0
		switch {
		case matched && listing.entries[0].digest == digest:
			listing.entries = listing.entries[1:]
		case matched && c.direction == bothWays && c.patient && int64(len(ours.Object)) >= c.x.cfg.LargeBytes:
			found.large = append(found.large, listing.entries[0])
			listing.entries = listing.entries[1:]
		case matched && c.direction == bothWays:
			takeTheirs()
		case !matched && listing.more && listing.end.before(ours.Hash, ours.Key):
			return true, nil // behind the page: the next page decides
		default:
			if matched {
				listing.entries = listing.entries[1:]
			}
			found.push = append(found.push, stored{key: bytes.Clone(ours.Key), object: bytes.Clone(ours.Object)})
			found.bytes += len(ours.Key) + len(ours.Object)
		}
		at.advance(ours.Hash, ours.Key)
		if found.full() {
			return false, nil
		}
	}
	for len(listing.entries) > 0 {
		takeTheirs()
	}
	return true, nil
}

// order compares a listed entry with (hash, key), in the order of the store.
func order(e listed, hash uint32, key []byte) int {
	return cmp.Or(cmp.Compare(e.hash, hash), bytes.Compare(e.key, key))
}

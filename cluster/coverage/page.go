package coverage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
)

// errRefilling refuses a page.
var errRefilling = errors.New("this node lost its disk and does not have all its keys again yet")

// A page ends after the keys that were asked for, or when the node has looked at this many
// objects, or bytes of objects, whatever it found among them.
const (
	pageObjects = 4096
	pageBytes   = 4 << 20
)

// listed is one key on one replica, or on several.
type listed struct {
	hash     uint32
	alive    bool             // the key exists there
	at       causal.Timestamp // the newest event on the key
	key      []byte
	disputed bool // the key exists on some of several replicas only
}

// compare orders keys as the engine does.
func (k listed) compare(other listed) int {
	return cmp.Or(cmp.Compare(k.hash, other.hash), bytes.Compare(k.key, other.key))
}

// page holds the keys that exist on one replica of a partition from a hash on, count of
// them or fewer. The keys of one hash are never split over two pages. Nodes up to version
// 0.1.0 list the keys that do not exist as well.
type page struct {
	keys []listed
	next uint32 // where to go on, if more
	more bool
}

// cost estimates how many objects a page took to look at, if count keys were asked for.
func (pg *page) cost(count int) int {
	if pg.more && len(pg.keys) < count {
		return pageObjects // it ended before it was full
	}
	return len(pg.keys)
}

// covering returns from how many primaries a page is wanted, and from how many it must
// come: R. Where R + W is not above N, more are wanted, so that an acknowledged write is
// not missed while they are up.
func covering(view *ring.Ring) (wanted, needed int) {
	q := view.Quorums()
	return max(q.R, q.N-q.W+1), q.R
}

// scanPartition joins the pages of several primaries.
func (r *Reader) scanPartition(ctx context.Context, view *ring.Ring, p ring.Partition, from uint32, count int) (page, error) {
	wanted, needed := covering(view)
	ids := r.nearestFirst(view.Primaries(p))
	var pages []page
	var errs []error
	for len(ids) > 0 && len(pages) < wanted {
		asked := ids[:min(wanted-len(pages), len(ids))]
		ids = ids[len(asked):]
		got, failed := r.scanReplicas(ctx, view, asked, p, from, count)
		pages, errs = append(pages, got...), append(errs, failed...)
	}
	if len(pages) < needed {
		return page{}, errors.Join(append(errs, &replica.NoQuorumError{Op: replica.OpRead, Needed: needed, Got: len(pages)})...)
	}
	joined := joinPages(pages)
	return joined, r.decideDisputed(ctx, joined.keys, len(pages))
}

// scanReplicas asks several replicas for a page at once.
func (r *Reader) scanReplicas(ctx context.Context, view *ring.Ring, ids []ring.NodeID, p ring.Partition, from uint32, count int) (pages []page, errs []error) {
	got := make([]page, len(ids))
	failed := make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids[1:] {
		wg.Go(func() { got[1+i], failed[1+i] = r.scanReplica(ctx, id, p, from, count) })
	}
	got[0], failed[0] = r.scanReplica(ctx, ids[0], p, from, count)
	wg.Wait()
	for i, err := range failed {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", view.Name(ids[i]), err))
			continue
		}
		pages = append(pages, got[i])
	}
	return pages, errs
}

// decideDisputed reads the keys about which the replicas disagree.
func (r *Reader) decideDisputed(ctx context.Context, keys []listed, quorum int) error {
	var reqs []*replica.Request
	var at []int
	for i, k := range keys {
		if k.disputed {
			reqs, at = append(reqs, &replica.Request{Key: k.key, R: quorum}), append(at, i)
		}
	}
	if len(reqs) == 0 {
		return nil
	}
	r.cfg.Coordinator.Do(ctx, reqs)
	nowMilli := r.cfg.Now().UnixMilli()
	for i, q := range reqs {
		if q.Err != nil {
			return q.Err
		}
		keys[at[i]].alive = register.Exists(&q.Object, r.cfg.Policy(), nowMilli)
	}
	return nil
}

// joinPages merges pages of one stretch. The stretch ends where the first page that has
// more ends. The keys of a page ascend. A key that exists on all replicas exists; one that exists on some of them is
// disputed, because the others may have missed it, or may have seen it deleted.
func joinPages(pages []page) page {
	var out page
	for _, pg := range pages {
		if pg.more && (!out.more || pg.next < out.next) {
			out.more, out.next = true, pg.next
		}
	}
	rest := make([][]listed, len(pages))
	for i, pg := range pages {
		rest[i] = slices.DeleteFunc(pg.keys, func(k listed) bool { return !k.alive || out.more && k.hash >= out.next })
	}
	for {
		least := -1
		for i, keys := range rest {
			if len(keys) > 0 && (least < 0 || keys[0].compare(rest[least][0]) < 0) {
				least = i
			}
		}
		if least < 0 {
			return out
		}
		k, copies := rest[least][0], 0
		for i, keys := range rest {
			if len(keys) > 0 && keys[0].compare(k) == 0 {
				rest[i] = keys[1:]
				copies++
			}
		}
		k.disputed = copies < len(pages)
		out.keys = append(out.keys, k)
	}
}

func (r *Reader) scanReplica(ctx context.Context, id ring.NodeID, p ring.Partition, from uint32, count int) (page, error) {
	if id == r.cfg.Self {
		return r.scanHere(p, from, count)
	}
	body := wire.AppendUint16(nil, uint16(p))
	body = wire.AppendUint32(wire.AppendUint32(body, from), uint32(count))
	reply, err := r.cfg.Channel.Call(ctx, id, peer.Background, peer.Scan, body)
	if err != nil {
		return page{}, err
	}
	return decodePage(reply)
}

// scanHere reads a page from this node's own copies.
func (r *Reader) scanHere(p ring.Partition, from uint32, count int) (pg page, err error) {
	if r.cfg.Store.DiskLoss().Unrepaired() {
		return page{}, errRefilling
	}
	nowMilli, policy := r.cfg.Now().UnixMilli(), r.cfg.Policy()
	var stored object.Object
	objects, size, last := 0, 0, uint32(0)
	for e, err := range r.cfg.Store.ScanValued(p, from) {
		if err != nil {
			return page{}, err
		}
		full := len(pg.keys) >= count || objects >= pageObjects || size >= pageBytes
		if full && e.Hash != last {
			pg.more, pg.next = true, e.Hash
			return pg, nil
		}
		objects, size, last = objects+1, size+len(e.Object), e.Hash
		if err := stored.DecodeFrom(e.Object); err != nil {
			return page{}, err
		}
		if register.Exists(&stored, policy, nowMilli) {
			pg.keys = append(pg.keys, listed{hash: e.Hash, alive: true, at: stored.Clock.Latest(), key: bytes.Clone(e.Key)})
		}
	}
	return pg, nil
}

// AnswerScan returns a page of this node's keys of one partition, to a peer.
func (r *Reader) AnswerScan(body []byte) ([]byte, error) {
	d := wire.NewReader(body)
	p, from, count := ring.Partition(d.Uint16()), d.Uint32(), min(int(d.Uint32()), maxPage)
	if err := d.Done("request for a key page"); err != nil {
		return nil, err
	}
	if int(p) >= r.cfg.Ring().Partitions() {
		return nil, wire.Corrupt(fmt.Sprintf("scan of partition %d", p))
	}
	pg, err := r.scanHere(p, from, max(1, count))
	if err != nil {
		return nil, err
	}
	return pg.append(nil), nil
}

func (pg page) append(dst []byte) []byte {
	if dst = wire.AppendFlag(dst, pg.more); pg.more {
		dst = wire.AppendUint32(dst, pg.next)
	}
	for _, k := range pg.keys {
		dst = wire.AppendFlag(wire.AppendUint32(dst, k.hash), k.alive)
		dst = wire.AppendBytes(wire.AppendUint64(dst, uint64(k.at)), k.key)
	}
	return dst
}

func decodePage(b []byte) (pg page, err error) {
	r := wire.NewReader(b)
	if pg.more = r.Flag(); pg.more {
		pg.next = r.Uint32()
	}
	for len(r.Rest()) > 0 {
		k := listed{hash: r.Uint32(), alive: r.Flag(), at: causal.Timestamp(r.Uint64()), key: bytes.Clone(r.Bytes())}
		pg.keys = append(pg.keys, k)
	}
	if err := r.Done("key page"); err != nil {
		return page{}, err
	}
	return pg, nil
}

package coverage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
)

// A cursor is a partition and a hash. So no state is kept between pages, and any node can
// serve any page. Each page is asked of enough primaries that one of them has each
// acknowledged write, and their answers are joined. Where the copies of a key disagree
// about whether it exists, the key is read as GET reads it. A node that is being refilled
// after it lost its disk is not asked: it may lack keys that exist.

// errRefilling refuses a page.
var errRefilling = errors.New("this node lost its disk and does not have all its keys again yet")

const (
	maxPage        = 10_000 // keys asked of a replica at once
	pagePartitions = 64     // partitions that one call walks through at most; or as many as it asks for keys, if those are more
	hashBits       = 32
)

// listed is one key on one replica, or on several.
type listed struct {
	hash     uint32
	alive    bool             // the key exists there
	at       causal.Timestamp // the newest event on the key
	key      []byte
	disputed bool // the key exists on some of several replicas only
}

// page holds the keys that one replica has of a partition from a hash on. The keys of
// one hash are never split over two pages.
type page struct {
	keys []listed
	next uint32 // where to go on, if more
	more bool
}

// ScanKeys returns the keys from a cursor on, count of them or a few more, and
// the cursor to go on with: 0 at the end, as at the start. Every key present
// throughout a scan is returned at least once. Cursors stay below 2^53.
func (r *Reader) ScanKeys(ctx context.Context, cursor uint64, count int) (keys [][]byte, next uint64, err error) {
	view := r.cfg.Ring()
	p, hash := int(cursor>>hashBits), uint32(cursor)
	count = max(1, min(count, maxPage))
	for walked := 0; p < view.Partitions(); walked++ {
		if len(keys) >= count || walked == max(count, pagePartitions) {
			return keys, uint64(p)<<hashBits | uint64(hash), nil
		}
		pg, err := r.scanPartition(ctx, view, ring.Partition(p), hash, count-len(keys))
		if err != nil {
			return nil, 0, err
		}
		for _, k := range pg.keys {
			if k.alive {
				keys = append(keys, k.key)
			}
		}
		if hash = pg.next; !pg.more {
			p, hash = p+1, 0
		}
	}
	return keys, 0, nil
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
	var pages []page
	wanted, needed := covering(view)
	var errs []error
	for _, id := range r.nearestFirst(view.Primaries(p)) {
		if len(pages) == wanted {
			break
		}
		pg, err := r.scanReplica(ctx, id, p, from, count)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", view.Name(id), err))
			continue
		}
		pages = append(pages, pg)
	}
	if len(pages) < needed {
		return page{}, errors.Join(append(errs, &replica.NoQuorumError{Op: replica.OpRead, Needed: needed, Got: len(pages)})...)
	}
	joined := joinPages(pages)
	return joined, r.decideDisputed(ctx, joined.keys, len(pages))
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

func memberIDs(view *ring.Ring) (ids []ring.NodeID) {
	for _, m := range view.Members() {
		ids = append(ids, m.ID)
	}
	return ids
}

// nearestFirst puts this node first, and leaves out those that do not answer.
func (r *Reader) nearestFirst(ids []ring.NodeID) []ring.NodeID {
	var out []ring.NodeID
	for _, id := range ids {
		if id == r.cfg.Self {
			out = slices.Insert(out, 0, id)
		} else if r.cfg.Channel.Available(id) {
			out = append(out, id)
		}
	}
	return out
}

// joinPages merges pages that begin at one cursor. The result ends where the first page
// that has more ends.
func joinPages(pages []page) page {
	if len(pages) == 1 {
		return pages[0]
	}
	var out page
	for _, pg := range pages {
		if pg.more && (!out.more || pg.next < out.next) {
			out.more, out.next = true, pg.next
		}
	}
	for _, pg := range pages {
		for _, k := range pg.keys {
			if !out.more || k.hash < out.next {
				out.keys = append(out.keys, k)
			}
		}
	}
	slices.SortFunc(out.keys, func(a, b listed) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), bytes.Compare(a.key, b.key), cmp.Compare(b.at, a.at))
	})
	distinct := out.keys[:0]
	for _, k := range out.keys {
		if n := len(distinct) - 1; n < 0 || !bytes.Equal(distinct[n].key, k.key) {
			distinct = append(distinct, k)
		} else if distinct[n].alive != k.alive {
			distinct[n].disputed = true
		}
	}
	out.keys = distinct
	return out
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
	for e, err := range r.cfg.Store.Scan(p, from) {
		if err != nil {
			return page{}, err
		}
		if len(pg.keys) >= count && e.Hash != pg.keys[len(pg.keys)-1].hash {
			pg.more, pg.next = true, e.Hash
			return pg, nil
		}
		if err := stored.DecodeFrom(e.Object); err != nil {
			return page{}, err
		}
		pg.keys = append(pg.keys, listed{
			hash: e.Hash, alive: register.Exists(&stored, policy, nowMilli), at: stored.Clock.Latest(), key: bytes.Clone(e.Key),
		})
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

// RandomKey returns some key, or nil when there is none: one of the first page
// from a random cursor on.
func (r *Reader) RandomKey(ctx context.Context) ([]byte, error) {
	q := r.cfg.Ring().Partitions()
	start := uint64(rand.IntN(q))<<hashBits | uint64(rand.Uint32())
	for _, cursor := range []uint64{start, 0} {
		for {
			keys, next, err := r.ScanKeys(ctx, cursor, 1)
			if err != nil {
				return nil, err
			}
			if len(keys) > 0 {
				return keys[rand.IntN(len(keys))], nil
			}
			if next == 0 {
				break
			}
			cursor = next
		}
	}
	return nil, nil
}

// Flush deletes every key that it finds, each by a write of its own with the
// cluster's quorum. What is written meanwhile may stay.
func (r *Reader) Flush(ctx context.Context) error {
	quorum := 0 // the cluster's
	if view := r.cfg.Ring(); len(r.nearestFirst(memberIDs(view))) == len(view.Members()) {
		quorum, _ = covering(view) // else a deletion might not find what it is to delete
	}
	for cursor := uint64(0); ; {
		keys, next, err := r.ScanKeys(ctx, cursor, 1000)
		if err != nil {
			return err
		}
		reqs := make([]*replica.Request, len(keys))
		for i, k := range keys {
			reqs[i] = &replica.Request{Key: k, Update: &register.Update{Kind: register.Delete}, R: quorum}
		}
		r.cfg.Coordinator.Do(ctx, reqs)
		for _, q := range reqs {
			if q.Err != nil {
				return q.Err
			}
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}

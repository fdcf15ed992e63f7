package antientropy

import (
	"encoding/binary"
	"fmt"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/engine"
)

// The encoding and decoding of each message: see the table in wire.go.

// Roots and nodes.

func appendRootsRequest(dst []byte, parts []ring.Partition) []byte {
	dst = wire.AppendUvarint(append(dst, wireVersion), uint64(len(parts)))
	for _, p := range parts {
		dst = wire.AppendUint16(dst, uint16(p))
	}
	return dst
}

func decodeRootsRequest(b []byte) ([]ring.Partition, error) {
	r := newReader(b)
	r.version()
	parts := make([]ring.Partition, r.UpTo(maxPartitions).Count(2))
	for i := range parts {
		parts[i] = ring.Partition(r.Uint16())
	}
	return parts, r.end("roots request")
}

func appendRoot(dst []byte, r root) []byte {
	return wire.AppendUint64(wire.AppendFlag(dst, r.ready), r.hash)
}

// decodeRoots reads the answer to a request for n roots.
func decodeRoots(b []byte, n int) ([]root, error) {
	r := newReader(b)
	if len(b) != 9*n {
		return nil, fmt.Errorf("roots: %w", ErrBadMessage)
	}
	roots := make([]root, n)
	for i := range roots {
		roots[i] = root{ready: r.Flag(), hash: r.Uint64()}
	}
	return roots, r.end("roots")
}

type nodesRequest struct {
	partition ring.Partition
	level     int
	index     []int
}

func (q nodesRequest) append(dst []byte) []byte {
	dst = append(appendHeader(dst, q.partition), byte(q.level))
	dst = wire.AppendUvarint(dst, uint64(len(q.index)))
	for _, i := range q.index {
		dst = wire.AppendUint16(dst, uint16(i))
	}
	return dst
}

func decodeNodesRequest(b []byte) (nodesRequest, error) {
	r := newReader(b)
	q := nodesRequest{partition: r.header(), level: int(r.Byte())}
	if q.level > leafLevel {
		r.Fail()
		q.level = 0
	}
	q.index = make([]int, r.UpTo(leafCount).Count(2))
	for i := range q.index {
		q.index[i] = int(r.Uint16())
		if q.index[i] >= 1<<(2*q.level) {
			r.Fail()
		}
	}
	return q, r.end("nodes request")
}

// appendNotReady encodes the answer to a request for hashes of a tree that is being
// rebuilt.
func appendNotReady(dst []byte) []byte { return wire.AppendFlag(dst, false) }

func appendHashes(dst []byte, hashes []uint64) []byte {
	dst = wire.AppendFlag(dst, true)
	for _, h := range hashes {
		dst = wire.AppendUint64(dst, h)
	}
	return dst
}

// decodeHashes reads the answer to a request for n hashes.
func decodeHashes(b []byte, n int) ([]uint64, error) {
	r := newReader(b)
	if ready := r.Flag(); !ready {
		if err := r.end("hashes"); err != nil {
			return nil, err
		}
		return nil, ErrNotReady
	}
	if len(r.Rest()) != 8*n {
		return nil, fmt.Errorf("hashes: %w", ErrBadMessage)
	}
	hashes := make([]uint64, n)
	for i := range hashes {
		hashes[i] = r.Uint64()
	}
	return hashes, r.end("hashes")
}

// Listings of leaves.

type rangeRequest struct {
	partition ring.Partition
	leaves    leafSet
	at        cursor
}

func (q *rangeRequest) append(dst []byte) []byte {
	dst = appendHeader(dst, q.partition)
	for _, word := range q.leaves {
		dst = wire.AppendUint64(dst, word)
	}
	dst = wire.AppendUint32(dst, q.at.hash)
	return wire.AppendBytes(wire.AppendFlag(dst, q.at.past), q.at.key)
}

func decodeRangeRequest(b []byte) (rangeRequest, error) {
	r := newReader(b)
	q := rangeRequest{partition: r.header()}
	for i := range q.leaves {
		q.leaves[i] = r.Uint64()
	}
	q.at.hash, q.at.past, q.at.key = r.Uint32(), r.Flag(), r.Bytes()
	return q, r.end("range request")
}

// listed is one entry of a peer's leaf: a key and the digest of its object.
type listed struct {
	hash   uint32 // of the key; not sent
	digest object.Digest
	key    []byte
}

func (e listed) append(dst []byte) []byte {
	return wire.AppendBytes(wire.AppendUint64(dst, uint64(e.digest)), e.key)
}

// stored is one object under its key, as it travels.
type stored struct {
	key    []byte
	object []byte
}

func (e stored) append(dst []byte) []byte {
	return wire.AppendBytes(wire.AppendBytes(dst, e.key), e.object)
}

func (e stored) size() int { return len(e.key) + len(e.object) + 2*binary.MaxVarintLen32 }

// page is one part of an answer. If more is set, the answer goes on behind end.
type page[E any] struct {
	entries []E
	end     cursor // behind the last entry; aliases the message
	more    bool
}

// decodePage reads a page of entries that lie ahead of at and ascend. It refuses a
// page that does not move on, because the caller would ask for ever.
func decodePage[E any](b []byte, at cursor, entry func(*reader) (E, []byte)) (page[E], error) {
	r := newReader(b)
	pg := page[E]{more: r.Flag()}
	for len(r.Rest()) > 0 {
		e, key := entry(&r)
		hash := engine.Hash32(key)
		if !at.before(hash, key) {
			r.Fail()
		}
		at = cursor{hash: hash, key: key, past: true}
		pg.end = at
		pg.entries = append(pg.entries, e)
	}
	if pg.more && len(pg.entries) == 0 {
		r.Fail()
	}
	return pg, r.end("page")
}

func decodeListing(b []byte, at cursor) (page[listed], error) {
	return decodePage(b, at, func(r *reader) (listed, []byte) {
		e := listed{digest: object.Digest(r.Uint64()), key: r.Bytes()}
		e.hash = engine.Hash32(e.key)
		return e, e.key
	})
}

func decodeObjects(b []byte, at cursor) (page[stored], error) {
	return decodePage(b, at, func(r *reader) (stored, []byte) {
		e := stored{key: r.Bytes(), object: r.Bytes()}
		return e, e.key
	})
}

// Fetches.

func appendFetchRequest(dst []byte, p ring.Partition, keys [][]byte) []byte {
	dst = wire.AppendUvarint(appendHeader(dst, p), uint64(len(keys)))
	for _, key := range keys {
		dst = wire.AppendBytes(dst, key)
	}
	return dst
}

func decodeFetchRequest(b []byte) (ring.Partition, [][]byte, error) {
	r := newReader(b)
	p := r.header()
	keys := make([][]byte, r.UpTo(maxKeys).Count(1))
	for i := range keys {
		keys[i] = r.Bytes()
	}
	return p, keys, r.end("fetch request")
}

// decodeFetched reads the answer to a fetch of n keys: the objects of the first of
// them, at least one. An absent object is empty.
func decodeFetched(b []byte, n int) ([][]byte, error) {
	r := newReader(b)
	var objects [][]byte
	for len(r.Rest()) > 0 {
		objects = append(objects, r.Bytes())
	}
	if len(objects) == 0 || len(objects) > n {
		r.Fail()
	}
	return objects, r.end("fetched objects")
}

// Heads.

func (h *head) append(dst []byte) []byte {
	if dst = wire.AppendFlag(dst, h.alone); !h.alone {
		return dst
	}
	return h.context.Append(wire.AppendUint64(dst, uint64(h.digest)))
}

// decodeHeads reads the answer to a request for n heads.
func decodeHeads(b []byte, n int) ([]head, error) {
	r := newReader(b)
	heads := make([]head, n)
	for i := range heads {
		if heads[i].alone = r.Flag(); heads[i].alone {
			heads[i].digest, heads[i].context = object.Digest(r.Uint64()), causal.ReadContext(&r.Reader)
		}
		if r.Failed() {
			break
		}
	}
	return heads, r.end("heads")
}

// Pushes.

func decodePushRequest(b []byte) (ring.Partition, []stored, error) {
	r := newReader(b)
	p := r.header()
	var objects []stored
	for len(r.Rest()) > 0 {
		objects = append(objects, stored{key: r.Bytes(), object: r.Bytes()})
	}
	return p, objects, r.end("push request")
}

// pushed is the answer to a push.
type pushed struct{ changed, failed uint64 }

func (a pushed) append(dst []byte) []byte {
	return wire.AppendUvarint(wire.AppendUvarint(dst, a.changed), a.failed)
}

func decodePushed(b []byte) (pushed, error) {
	r := newReader(b)
	a := pushed{changed: r.Uvarint(), failed: r.Uvarint()}
	return a, r.end("push answer")
}

// Reaping.

func appendReapRequest(dst []byte, p ring.Partition, ringDigest uint64, refs []engine.Ref) []byte {
	dst = wire.AppendUint64(appendHeader(dst, p), ringDigest)
	for _, ref := range refs {
		dst = wire.AppendBytes(wire.AppendUint64(dst, uint64(ref.Digest)), ref.Key)
	}
	return dst
}

func decodeReapRequest(b []byte) (p ring.Partition, ringDigest uint64, refs []engine.Ref, err error) {
	r := newReader(b)
	p, ringDigest = r.header(), r.Uint64()
	for len(r.Rest()) > 0 {
		refs = append(refs, engine.Ref{Partition: p, Digest: object.Digest(r.Uint64()), Key: r.Bytes()})
	}
	return p, ringDigest, refs, r.end("reap request")
}

func appendBits(dst []byte, bits []bool) []byte {
	for _, bit := range bits {
		dst = wire.AppendFlag(dst, bit)
	}
	return dst
}

func decodeBits(b []byte, n int) ([]bool, error) {
	r := newReader(b)
	if len(b) != n {
		return nil, fmt.Errorf("answer for %d keys: %w", n, ErrBadMessage)
	}
	bits := make([]bool, n)
	for i := range bits {
		bits[i] = r.Flag()
	}
	return bits, r.end("answer by key")
}

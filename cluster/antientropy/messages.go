package antientropy

import (
	"encoding/binary"
	"fmt"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// roots and nodes

func appendRootsRequest(dst []byte, parts []ring.Partition) []byte {
	dst = binary.AppendUvarint(append(dst, wireVersion), uint64(len(parts)))
	for _, p := range parts {
		dst = binary.BigEndian.AppendUint16(dst, uint16(p))
	}
	return dst
}

func decodeRootsRequest(b []byte) ([]ring.Partition, error) {
	r := reader{b: b}
	r.version()
	parts := make([]ring.Partition, r.count(2, maxPartitions))
	for i := range parts {
		parts[i] = ring.Partition(r.uint16())
	}
	return parts, r.end("roots request")
}

func appendRoot(dst []byte, r root) []byte {
	return binary.BigEndian.AppendUint64(appendFlag(dst, r.ready), r.hash)
}

// decodeRoots reads the answer to a question for n roots.
func decodeRoots(b []byte, n int) ([]root, error) {
	r := reader{b: b}
	if len(b) != 9*n {
		return nil, fmt.Errorf("roots: %w", ErrBadMessage)
	}
	roots := make([]root, n)
	for i := range roots {
		roots[i] = root{ready: r.flag(), hash: r.uint64()}
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
	dst = binary.AppendUvarint(dst, uint64(len(q.index)))
	for _, i := range q.index {
		dst = binary.BigEndian.AppendUint16(dst, uint16(i))
	}
	return dst
}

func decodeNodesRequest(b []byte) (nodesRequest, error) {
	r := reader{b: b}
	q := nodesRequest{partition: r.header(), level: int(r.byte())}
	if q.level > leafLevel {
		r.bad = true
		q.level = 0
	}
	q.index = make([]int, r.count(2, leafCount))
	for i := range q.index {
		q.index[i] = int(r.uint16())
		if q.index[i] >= 1<<(2*q.level) {
			r.bad = true
		}
	}
	return q, r.end("nodes request")
}

func appendHashes(dst []byte, ready bool, hashes []uint64) []byte {
	dst = appendFlag(dst, ready)
	for _, h := range hashes {
		dst = binary.BigEndian.AppendUint64(dst, h)
	}
	return dst
}

// decodeHashes reads the answer to a question for n hashes.
func decodeHashes(b []byte, n int) ([]uint64, error) {
	r := reader{b: b}
	if ready := r.flag(); !ready {
		if err := r.end("hashes"); err != nil {
			return nil, err
		}
		return nil, ErrNotReady
	}
	if len(r.b) != 8*n {
		return nil, fmt.Errorf("hashes: %w", ErrBadMessage)
	}
	hashes := make([]uint64, n)
	for i := range hashes {
		hashes[i] = r.uint64()
	}
	return hashes, r.end("hashes")
}

// listings of leaves

type rangeRequest struct {
	partition ring.Partition
	leaves    leafSet
	at        position
}

func (q *rangeRequest) append(dst []byte) []byte {
	dst = appendHeader(dst, q.partition)
	for _, word := range q.leaves {
		dst = binary.BigEndian.AppendUint64(dst, word)
	}
	dst = binary.BigEndian.AppendUint32(dst, q.at.hash)
	return appendBytes(appendFlag(dst, q.at.past), q.at.key)
}

func decodeRangeRequest(b []byte) (rangeRequest, error) {
	r := reader{b: b}
	q := rangeRequest{partition: r.header()}
	for i := range q.leaves {
		q.leaves[i] = r.uint64()
	}
	q.at.hash, q.at.past, q.at.key = r.uint32(), r.flag(), r.bytes()
	return q, r.end("range request")
}

// listed is one entry of a peer's leaf: a key and the digest of its object.
type listed struct {
	hash   uint32 // of the key; not sent
	digest object.Digest
	key    []byte
}

func (e listed) append(dst []byte) []byte {
	return appendBytes(binary.BigEndian.AppendUint64(dst, uint64(e.digest)), e.key)
}

// stored is one object under its key, as it travels.
type stored struct {
	key    []byte
	object []byte
}

func (e stored) append(dst []byte) []byte { return appendBytes(appendBytes(dst, e.key), e.object) }

func (e stored) size() int { return len(e.key) + len(e.object) + 2*binary.MaxVarintLen32 }

// page is a part of an answer that goes on when more is set, after its last entry.
type page[E any] struct {
	entries []E
	end     position // behind the last entry; aliases the message
	more    bool
}

// decodePage reads a page of entries that lie ahead of at and ascend: a page
// that does not move on would have its reader ask for ever.
func decodePage[E any](b []byte, at position, entry func(*reader) (E, []byte)) (page[E], error) {
	r := reader{b: b}
	pg := page[E]{more: r.flag()}
	for len(r.b) > 0 && !r.bad {
		e, key := entry(&r)
		hash := engine.Hash32(key)
		if !at.before(hash, key) {
			r.bad = true
		}
		at = position{hash: hash, key: key, past: true}
		pg.end = at
		pg.entries = append(pg.entries, e)
	}
	if pg.more && len(pg.entries) == 0 {
		r.bad = true
	}
	return pg, r.end("page")
}

func decodeListing(b []byte, at position) (page[listed], error) {
	return decodePage(b, at, func(r *reader) (listed, []byte) {
		e := listed{digest: object.Digest(r.uint64()), key: r.bytes()}
		e.hash = engine.Hash32(e.key)
		return e, e.key
	})
}

func decodeObjects(b []byte, at position) (page[stored], error) {
	return decodePage(b, at, func(r *reader) (stored, []byte) {
		e := stored{key: r.bytes(), object: r.bytes()}
		return e, e.key
	})
}

// fetch

func appendFetchRequest(dst []byte, p ring.Partition, keys [][]byte) []byte {
	dst = binary.AppendUvarint(appendHeader(dst, p), uint64(len(keys)))
	for _, key := range keys {
		dst = appendBytes(dst, key)
	}
	return dst
}

func decodeFetchRequest(b []byte) (ring.Partition, [][]byte, error) {
	r := reader{b: b}
	p := r.header()
	keys := make([][]byte, r.count(1, maxKeys))
	for i := range keys {
		keys[i] = r.bytes()
	}
	return p, keys, r.end("fetch request")
}

// decodeFetched reads the answers for a prefix of n keys; an absent object is empty.
func decodeFetched(b []byte, n int) ([][]byte, error) {
	r := reader{b: b}
	var objects [][]byte
	for len(r.b) > 0 && !r.bad {
		objects = append(objects, r.bytes())
	}
	if len(objects) == 0 || len(objects) > n {
		r.bad = true
	}
	return objects, r.end("fetched objects")
}

// push

func decodePushRequest(b []byte) (ring.Partition, []stored, error) {
	r := reader{b: b}
	p := r.header()
	var objects []stored
	for len(r.b) > 0 && !r.bad {
		objects = append(objects, stored{key: r.bytes(), object: r.bytes()})
	}
	return p, objects, r.end("push request")
}

// pushed is the answer to a push.
type pushed struct{ changed, failed uint64 }

func (a pushed) append(dst []byte) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(dst, a.changed), a.failed)
}

func decodePushed(b []byte) (pushed, error) {
	r := reader{b: b}
	a := pushed{changed: r.uvarint(), failed: r.uvarint()}
	return a, r.end("push answer")
}

// reap

func appendReapRequest(dst []byte, p ring.Partition, ringDigest uint64, refs []engine.Ref) []byte {
	dst = binary.BigEndian.AppendUint64(appendHeader(dst, p), ringDigest)
	for _, ref := range refs {
		dst = appendBytes(binary.BigEndian.AppendUint64(dst, uint64(ref.Digest)), ref.Key)
	}
	return dst
}

func decodeReapRequest(b []byte) (p ring.Partition, ringDigest uint64, refs []engine.Ref, err error) {
	r := reader{b: b}
	p, ringDigest = r.header(), r.uint64()
	for len(r.b) > 0 && !r.bad {
		refs = append(refs, engine.Ref{Partition: p, Digest: object.Digest(r.uint64()), Key: r.bytes()})
	}
	return p, ringDigest, refs, r.end("reap request")
}

func appendBits(dst []byte, bits []bool) []byte {
	for _, bit := range bits {
		dst = appendFlag(dst, bit)
	}
	return dst
}

func decodeBits(b []byte, n int) ([]bool, error) {
	r := reader{b: b}
	if len(b) != n {
		return nil, fmt.Errorf("answer for %d keys: %w", n, ErrBadMessage)
	}
	bits := make([]bool, n)
	for i := range bits {
		bits[i] = r.flag()
	}
	return bits, r.end("answer by key")
}

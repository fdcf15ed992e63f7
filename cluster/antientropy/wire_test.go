package antientropy

import (
	"bytes"
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

func sampleMessages() [][]byte {
	var leaves leafSet
	leaves.addSubtree(4, 7)
	ranged := rangeRequest{partition: 3, leaves: leaves, at: cursor{hash: 9, key: []byte("k"), past: true}}
	return [][]byte{
		appendRootsRequest(nil, []ring.Partition{1, 2, 255}),
		appendRoot(appendRoot(nil, root{}), root{ready: true, hash: 7}),
		nodesRequest{partition: 3, level: 2, index: []int{0, 15}}.append(nil),
		appendHashes(nil, []uint64{1, 2}),
		appendNotReady(nil),
		ranged.append(nil),
		listed{digest: 5, key: []byte("key")}.append([]byte{0}),
		stored{key: []byte("key"), object: []byte("object")}.append([]byte{1}),
		appendFetchRequest(nil, 3, [][]byte{[]byte("a"), nil}),
		wire.AppendBytes(wire.AppendBytes(nil, []byte("object")), nil),
		stored{key: []byte("key"), object: []byte("object")}.append(appendHeader(nil, 3)),
		pushed{changed: 3, failed: 300}.append(nil),
		appendReapRequest(nil, 3, 99, []engine.Ref{{Partition: 3, Key: []byte("key"), Digest: object.Digest(8)}}),
		appendBits(nil, []bool{true, false}),
	}
}

// FuzzDecoders feeds every decoder: none may panic, and what a decoder accepts it
// must write again as it was, where there is but one way to write it.
func FuzzDecoders(f *testing.F) {
	for _, m := range sampleMessages() {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		same := func(again []byte) {
			t.Helper()
			// A uvarint may be longer than it must be; nothing else may differ.
			if len(again) == len(b) && !bytes.Equal(again, b) {
				t.Fatalf("%x was read as %x", b, again)
			}
		}
		if parts, err := decodeRootsRequest(b); err == nil {
			same(appendRootsRequest(nil, parts))
		}
		if q, err := decodeNodesRequest(b); err == nil {
			same(q.append(nil))
		}
		if q, err := decodeRangeRequest(b); err == nil {
			same(q.append(nil))
		}
		if p, keys, err := decodeFetchRequest(b); err == nil {
			same(appendFetchRequest(nil, p, keys))
		}
		if p, objects, err := decodePushRequest(b); err == nil {
			again := appendHeader(nil, p)
			for _, o := range objects {
				again = o.append(again)
			}
			same(again)
		}
		if p, digest, refs, err := decodeReapRequest(b); err == nil {
			same(appendReapRequest(nil, p, digest, refs))
		}
		if pg, err := decodeListing(b, cursor{}); err == nil {
			again := wire.AppendFlag(nil, pg.more)
			for _, e := range pg.entries {
				again = e.append(again)
			}
			same(again)
		}
		if pg, err := decodeObjects(b, cursor{}); err == nil {
			again := wire.AppendFlag(nil, pg.more)
			for _, e := range pg.entries {
				again = e.append(again)
			}
			same(again)
		}
		if a, err := decodePushed(b); err == nil {
			same(a.append(nil))
		}
		_, _ = decodeRoots(b, len(b)/9)
		_, _ = decodeHashes(b, (len(b)-1)/8)
		_, _ = decodeFetched(b, 10)
		_, _ = decodeBits(b, len(b))
	})
}

// FuzzRespond feeds what a peer may send to a node with data.
func FuzzRespond(f *testing.F) {
	w := newWorld(f, 4, 1, "A")
	w.FillNodes(20, 10, "A")
	x := w.node("A").x
	for kind := peer.MerkleRoots; kind <= peer.Reap; kind++ {
		for _, m := range sampleMessages() {
			f.Add(byte(kind), m)
		}
	}
	f.Fuzz(func(t *testing.T, kind byte, body []byte) {
		if answer, err := x.respond(peer.Kind(kind), body); err == nil && len(answer) > 2*pageBytes {
			t.Fatalf("%d bytes of answer", len(answer))
		}
	})
}

func TestDecodePage_ThatDoesNotMoveOn_IsRefused(t *testing.T) {
	one := listed{digest: 1, key: []byte("k")}
	if _, err := decodeListing(one.append(one.append([]byte{0})), cursor{}); err == nil {
		t.Error("an entry twice")
	}
	if _, err := decodeListing([]byte{1}, cursor{}); err == nil {
		t.Error("more, and nothing")
	}
	at := cursor{hash: engine.Hash32(one.key), key: one.key, past: true}
	if _, err := decodeListing(one.append([]byte{0}), at); err == nil {
		t.Error("what was seen already")
	}
}

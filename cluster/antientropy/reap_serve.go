package antientropy

import (
	"errors"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/engine"
)

// The side of reaping that answers: see [Reaper].

// ErrRingDiffers answers a reaper whose ring is not the answering node's, or is in
// transition: then it is not certain which nodes should hold the objects.
var ErrRingDiffers = errors.New("the rings of the two nodes differ, or a change of the ring is under way")

// agrees reports, for each ref, whether this node's state allows it to be reaped.
func (x *Exchanger) agrees(view *ring.Ring, p ring.Partition, refs []engine.Ref) []bool {
	agreed := make([]bool, len(refs))
	primary := view.IsPrimary(x.cfg.Self, p)
	var scratch []byte
	for i, ref := range refs {
		encoded, exists, err := x.objects.Get(p, ref.Key, scratch[:0])
		if err != nil {
			continue
		}
		same := exists && object.SeedOf(ref.Key).Digest(encoded) == ref.Digest
		if !same && (primary || exists) {
			continue
		}
		_, hinted, err := x.cfg.Store.Hints().Get(p, ref.Key, encoded[:0])
		agreed[i] = err == nil && !hinted
		scratch = encoded
	}
	return agreed
}

// settledRing returns the ring if it equals the asking node's and is not in
// transition.
func (x *Exchanger) settledRing(digest uint64) (*ring.Ring, error) {
	view := x.cfg.Ring()
	if view.InTransition() || view.Digest() != digest {
		return nil, ErrRingDiffers
	}
	return view, nil
}

func (x *Exchanger) serveReapAsk(body []byte) ([]byte, error) {
	p, digest, refs, err := decodeReapRequest(body)
	if err == nil {
		err = x.checkPartition(p)
	}
	if err != nil {
		return nil, err
	}
	view, err := x.settledRing(digest)
	if err != nil {
		return nil, err
	}
	return appendBits(nil, x.agrees(view, p, refs)), nil
}

func (x *Exchanger) serveReap(body []byte) ([]byte, error) {
	p, digest, refs, err := decodeReapRequest(body)
	if err == nil {
		err = x.checkPartition(p)
	}
	if err != nil {
		return nil, err
	}
	if _, err := x.settledRing(digest); err != nil {
		return nil, err
	}
	n, err := x.cfg.Store.Tombstones().Reap(refs)
	return wire.AppendUvarint(nil, uint64(n)), err
}

package antientropy

import (
	"errors"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/engine"
)

// The side of reaping that answers: see [Reaper].

// ErrRingDiffers answers a reaper whose ring is not the answering node's, or is in
// transition: then it is not certain which nodes should hold the objects.
var ErrRingDiffers = errors.New("the rings of the two nodes differ, or a change of the ring is under way")

// agrees reports, for each ref, whether this node's state allows it to be reaped.
func (x *Exchanger) agrees(view *ring.Ring, p ring.Partition, refs []engine.Ref) ([]bool, error) {
	agreed, err := x.cfg.Store.Tombstones().Same(p, refs)
	if err != nil {
		return nil, err
	}
	primary, hints := view.IsPrimary(x.cfg.Self, p), x.cfg.Store.Hints()
	var scratch []byte
	for i, ref := range refs {
		if !agreed[i] && !primary {
			encoded, exists, err := x.objects.Get(p, ref.Key, scratch[:0])
			if err != nil {
				return nil, err
			}
			agreed[i], scratch = !exists, encoded
		}
		if !agreed[i] {
			continue
		}
		encoded, hinted, err := hints.Get(p, ref.Key, scratch[:0])
		if err != nil {
			return nil, err
		}
		agreed[i], scratch = !hinted, encoded
	}
	return agreed, nil
}

// reapRequest decodes a request about objects of a partition, and returns the ring if it
// equals the asking node's and is not in transition.
func (x *Exchanger) reapRequest(body []byte) (view *ring.Ring, p ring.Partition, refs []engine.Ref, err error) {
	p, digest, refs, err := decodeReapRequest(body)
	if err == nil {
		err = x.checkPartition(p)
	}
	if err != nil {
		return nil, 0, nil, err
	}
	if view = x.cfg.Ring(); view.InTransition() || view.Digest() != digest {
		return nil, 0, nil, ErrRingDiffers
	}
	return view, p, refs, nil
}

func (x *Exchanger) serveReapAsk(body []byte) ([]byte, error) {
	view, p, refs, err := x.reapRequest(body)
	if err != nil {
		return nil, err
	}
	agreed, err := x.agrees(view, p, refs)
	return appendBits(nil, agreed), err
}

func (x *Exchanger) serveReap(body []byte) ([]byte, error) {
	_, _, refs, err := x.reapRequest(body)
	if err != nil {
		return nil, err
	}
	n, err := x.cfg.Store.Tombstones().Reap(refs)
	return wire.AppendUvarint(nil, uint64(n)), err
}

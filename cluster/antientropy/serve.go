package antientropy

import (
	"encoding/binary"
	"fmt"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

// The answers to each kind of request. Each reads a bounded amount, and trusts
// nothing that the decoders and checkPartition have not checked.

func (x *Exchanger) checkPartition(p ring.Partition) error {
	if q := x.cfg.Ring().Partitions(); int(p) >= q {
		return fmt.Errorf("partition %d of %d: %w", p, q, ErrBadMessage)
	}
	return nil
}

func (x *Exchanger) serveRoots(body []byte) ([]byte, error) {
	parts, err := decodeRootsRequest(body)
	if err != nil {
		return nil, err
	}
	answer := make([]byte, 0, 9*len(parts))
	for _, p := range parts {
		if err := x.checkPartition(p); err != nil {
			return nil, err
		}
		answer = appendRoot(answer, x.root(p))
	}
	return answer, nil
}

func (x *Exchanger) serveNodes(body []byte) ([]byte, error) {
	q, err := decodeNodesRequest(body)
	if err == nil {
		err = x.checkPartition(q.partition)
	}
	if err != nil {
		return nil, err
	}
	if !x.trees.PartitionReady(q.partition) {
		return appendNotReady(nil), nil
	}
	return appendHashes(nil, x.trees.Nodes(q.partition, q.level, q.index)), nil
}

// rangeOf decodes a request for a range of a partition that there is.
func (x *Exchanger) rangeOf(body []byte) (rangeRequest, error) {
	q, err := decodeRangeRequest(body)
	if err == nil {
		err = x.checkPartition(q.partition)
	}
	return q, err
}

func (x *Exchanger) serveListing(body []byte) ([]byte, error) {
	q, err := x.rangeOf(body)
	if err != nil {
		return nil, err
	}
	answer := []byte{0}
	for e, err := range entriesOf(x.objects, q.partition, &q.leaves, q.at) {
		if err != nil {
			return nil, err
		}
		if len(answer) > 1 && len(answer)+len(e.Key)+8+binary.MaxVarintLen32 > pageBytes {
			answer[0] = 1
			break
		}
		answer = listed{digest: object.SeedOf(e.Key).Digest(e.Object), key: e.Key}.append(answer)
	}
	return answer, nil
}

func (x *Exchanger) serveObjects(body []byte) ([]byte, error) {
	q, err := x.rangeOf(body)
	if err != nil {
		return nil, err
	}
	answer := []byte{0}
	for e, err := range entriesOf(x.objects, q.partition, &q.leaves, q.at) {
		if err != nil {
			return nil, err
		}
		next := stored{key: e.Key, object: e.Object}
		if len(answer) > 1 && len(answer)+next.size() > pageBytes {
			answer[0] = 1
			break
		}
		answer = next.append(answer)
	}
	return answer, nil
}

func (x *Exchanger) serveFetch(body []byte) ([]byte, error) {
	p, keys, err := decodeFetchRequest(body)
	if err == nil {
		err = x.checkPartition(p)
	}
	if err != nil {
		return nil, err
	}
	var answer, encoded []byte
	for _, key := range keys {
		var err error
		if encoded, _, err = x.objects.Get(p, key, encoded[:0]); err != nil {
			return nil, err
		}
		if len(answer) > 0 && len(answer)+len(encoded) > pageBytes {
			break
		}
		answer = wire.AppendBytes(answer, encoded) // empty if the key is not here
	}
	return answer, nil
}

// servePush merges a peer's objects, and answers when they are on the disk, in either
// durability mode: the peer may drop what it has offered. It refuses a key of another
// partition, which would be stored where no read looks for it.
func (x *Exchanger) servePush(body []byte) ([]byte, error) {
	p, objects, err := decodePushRequest(body)
	if err != nil {
		return nil, err
	}
	view := x.cfg.Ring()
	for _, o := range objects {
		if view.PartitionOf(o.key) != p {
			return nil, fmt.Errorf("push of a key that is not in partition %d: %w", p, ErrBadMessage)
		}
	}
	merged, failed, err := apply(x.objects.ApplySynced, p, objects)
	if err != nil {
		return nil, err
	}
	result := pushed{failed: uint64(failed)}
	for i := range merged {
		if merged[i].Changed {
			result.changed++
		}
	}
	return result.append(nil), nil
}

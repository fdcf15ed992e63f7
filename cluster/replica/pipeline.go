package replica

import (
	"sync"

	"github.com/cespare/xxhash/v2"
)

// splitter cuts a pipeline into waves, where a request depends on an earlier one in a
// way that one batch cannot keep.
type splitter struct {
	first  map[uint64]int // key hash -> its first request of the wave
	groups []int          // request -> first request of the wave on the same key
}

var splitters = sync.Pool{New: func() any { return &splitter{first: make(map[uint64]int)} }}

// release gives s back to the pool.
func (s *splitter) release() {
	clear(s.first)
	splitters.Put(s)
}

// split returns how many of the leading requests may run as one wave. Within a
// wave the requests on one key are of one class: all reads, or updates that one
// coordinator runs in the same way, which the engine applies in order. The first of them
// reads for all, so they have one R.
func (s *splitter) split(reqs []*Request) int {
	clear(s.first)
	s.groups = s.groups[:0]
	for i, r := range reqs {
		h := xxhash.Sum64(r.Key)
		first, seen := s.first[h]
		if !seen {
			s.first[h] = i
			s.groups = append(s.groups, i)
			continue
		}
		head := reqs[first]
		if string(head.Key) != string(r.Key) || head.class() != r.class() || head.R != r.R && r.class() != classBlind {
			return i
		}
		s.groups = append(s.groups, first)
	}
	return len(reqs)
}

// requestClass tells apart what may not share a wave on one key.
type requestClass uint8

const (
	classRead   requestClass = iota
	classBlind               // an update that needs no old value
	classReads               // an update that reads first
	classSerial              // one that may have another coordinator than the rest
)

func (r *Request) class() requestClass {
	switch {
	case r.Update == nil:
		return classRead
	case r.Update.Serial():
		return classSerial
	case r.Update.NeedsRead():
		return classReads
	default:
		return classBlind
	}
}

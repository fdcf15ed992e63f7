package objectcache

import (
	"sync"
	"unsafe"
)

// slab is one piece of memory for many generations. Entries are met in no order, so in
// small pages nearly every look at one also waits for the page's address. Hence a slab
// asks the system for huge pages. It allocates nothing before its first use. A part has a
// generation's data, and at its end the buckets.
type slab struct {
	part  int // bytes, a multiple of bucketLen
	parts int

	once sync.Once
	data []byte
}

// hugePage is the usual size of a huge page in bytes.
const hugePage = 2 << 20

// at returns the part at a place. It is safe for concurrent use.
func (s *slab) at(place int) []byte {
	s.once.Do(func() {
		b := make([]byte, s.part*s.parts+hugePage)
		begin := hugePage - int(uintptr(unsafe.Pointer(&b[0]))%hugePage)
		s.data = b[begin : begin+s.part*s.parts]
		if len(s.data) >= hugePage {
			preferHugePages(s.data)
		}
	})
	return s.data[place*s.part : (place+1)*s.part]
}

// buckets returns the last bytes of the part at a place as a table of n buckets, with what is
// there.
func (s *slab) buckets(place, n int) []uint64 {
	if n == 0 {
		return nil
	}
	end := s.at(place)[s.part-bucketLen*n:]
	return unsafe.Slice((*uint64)(unsafe.Pointer(&end[0])), n)
}

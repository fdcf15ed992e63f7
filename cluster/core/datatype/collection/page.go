package collection

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// mostWhole is the most elements of a view that is one page, as a small collection is in Redis.
const mostWhole = 128

// cursorBits is the number of bits of a cursor. Some clients keep it in a float.
const cursorBits = 53

// Page returns about count elements from a cursor on, and the cursor to go on from: 0 at the
// end. Elements are met in the order of a hash of their names, so that a cursor stays right
// while others come and go: what is there from the first page to the last is met once.
func (v View) Page(cursor uint64, count int) (page View, next uint64) {
	if cursor == 0 && len(v) <= mostWhole {
		return v, 0
	}
	type hashed struct {
		hash uint64
		at   int
	}
	order := make([]hashed, 0, len(v))
	for at, e := range v {
		// 0 is the cursor of the beginning, so that no hash is 0.
		if h := max(xxhash.Sum64(e.Name)>>(64-cursorBits), 1); h >= cursor {
			order = append(order, hashed{h, at})
		}
	}
	slices.SortFunc(order, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.at, b.at)) })
	for i, h := range order {
		if i >= count && h.hash != order[i-1].hash {
			return page, h.hash
		}
		page = append(page, v[h.at])
	}
	return page, 0
}

package engine

import (
	"iter"

	"github.com/cockroachdb/pebble/v2"
)

// A chunk is read with an iterator open and consumed without one. The first chunk is
// small, because many consumers want a few entries only.
const (
	chunkFirst   = 16
	chunkEntries = 512
	chunkBytes   = 1 << 20
)

type chunk struct {
	data  []byte
	lens  []struct{ key, value int }
	limit int
}

type chunkEntry struct{ key, value []byte }

// chunks yields the entries of a range, each valid until the next. No iterator is open
// while the consumer works. The bounds must not change.
func (d *database) chunks(r pebble.Reader, lower, upper []byte) iter.Seq2[chunkEntry, error] {
	return func(yield func(chunkEntry, error) bool) {
		c := chunk{limit: chunkFirst}
		from := lower
		for {
			more, err := d.fill(&c, r, from, upper)
			if err != nil {
				yield(chunkEntry{}, err)
				return
			}
			at := 0
			for _, n := range c.lens {
				e := chunkEntry{key: c.data[at : at+n.key], value: c.data[at+n.key : at+n.key+n.value]}
				at += n.key + n.value
				if !yield(e, nil) {
					return
				}
			}
			if !more {
				return
			}
			last := c.lens[len(c.lens)-1]
			from = append(append(from[:0:0], c.data[len(c.data)-last.key-last.value:len(c.data)-last.value]...), 0)
			c.limit = min(2*c.limit, chunkEntries)
		}
	}
}

// fill reads the next entries. It reports whether there may be others behind them.
func (d *database) fill(c *chunk, r pebble.Reader, lower, upper []byte) (more bool, err error) {
	if !d.guard.enter() {
		return false, ErrClosed
	}
	defer d.guard.leave()
	c.data, c.lens = c.data[:0], c.lens[:0]
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return false, d.readError("iterate", err)
	}
	ok := it.First()
	for ; ok && len(c.lens) < c.limit && len(c.data) < chunkBytes; ok = it.Next() {
		v, verr := it.ValueAndErr()
		if verr != nil {
			err = verr
			break
		}
		c.data = append(append(c.data, it.Key()...), v...)
		c.lens = append(c.lens, struct{ key, value int }{len(it.Key()), len(v)})
	}
	if cerr := it.Close(); err == nil {
		err = cerr
	}
	return ok && err == nil, d.readError("iterate", err)
}

package engine

import (
	"bytes"
	"cmp"
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
	// beside is the prefix of a second range, whose entries are merged with those of the
	// first by what follows the prefix, or 0.
	beside byte
	// parts says what of each entry is read.
	parts chunkParts
	// between is called between two chunks, if it is set.
	between func()
}

// chunkParts are the parts of an entry.
type chunkParts uint8

const (
	keysAndValues chunkParts = iota
	keysOnly
)

// moved returns a bound of the first range, which begins at lower, as one of the second.
func (c *chunk) moved(bound, lower []byte) []byte {
	return append([]byte{c.beside + bound[0] - lower[0]}, bound[1:]...)
}

type chunkEntry struct{ key, value []byte }

// chunks yields the entries of a range, each valid until the next. No iterator is open
// while the consumer works. The bounds must not change.
func (d *database) chunks(r pebble.Reader, lower, upper []byte) iter.Seq2[chunkEntry, error] {
	return d.chunksOf(chunk{limit: chunkFirst}, r, lower, upper)
}

// objectChunks yields the objects of a range, those with a value and the dead ones, in the
// order of partition, hash and key. The range is that of objects with a value. Each chunk
// shows one moment, so that an object that moves between the two places is seen once.
func (d *database) objectChunks(r pebble.Reader, lower, upper []byte) iter.Seq2[chunkEntry, error] {
	return d.chunksOf(chunk{limit: chunkFirst, beside: prefixGrave}, r, lower, upper)
}

// everyKey yields the keys of all objects, those with a value and the dead ones, and pauses
// between the chunks.
func (d *database) everyKey(r pebble.Reader, between func()) iter.Seq2[chunkEntry, error] {
	lower, upper := prefixBounds(prefixObject)
	return d.chunksOf(chunk{limit: chunkEntries, beside: prefixGrave, parts: keysOnly, between: between}, r, lower, upper)
}

// everyObject yields all objects, those with a value and the dead ones, and pauses between the
// chunks.
func (d *database) everyObject(r pebble.Reader, between func()) iter.Seq2[chunkEntry, error] {
	lower, upper := prefixBounds(prefixObject)
	return d.chunksOf(chunk{limit: chunkEntries, beside: prefixGrave, between: between}, r, lower, upper)
}

func (d *database) chunksOf(c chunk, r pebble.Reader, lower, upper []byte) iter.Seq2[chunkEntry, error] {
	return func(yield func(chunkEntry, error) bool) {
		c := c
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
			from[0] = lower[0]
			c.limit = min(2*c.limit, chunkEntries)
			if c.between != nil {
				c.between()
			}
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
	var beside *pebble.Iterator
	if c.beside != 0 {
		beside, err = it.Clone(pebble.CloneOptions{IterOptions: &pebble.IterOptions{
			LowerBound: c.moved(lower, lower), UpperBound: c.moved(upper, lower),
		}})
	}
	if err == nil {
		more, err = c.read(it, beside)
	}
	if beside != nil {
		err = cmp.Or(err, beside.Close())
	}
	err = cmp.Or(err, it.Close())
	return more && err == nil, d.readError("iterate", err)
}

// read fills c from an iterator, and from another one beside it unless that is nil.
func (c *chunk) read(it, beside *pebble.Iterator) (more bool, err error) {
	ok, other := it.First(), beside != nil && beside.First()
	for (ok || other) && len(c.lens) < c.limit && len(c.data) < chunkBytes {
		next := it
		if !ok || other && bytes.Compare(beside.Key()[1:], it.Key()[1:]) < 0 {
			next = beside
		}
		var v []byte
		if c.parts != keysOnly {
			if v, err = next.ValueAndErr(); err != nil {
				return false, err
			}
		}
		c.data = append(append(c.data, next.Key()...), v...)
		c.lens = append(c.lens, struct{ key, value int }{len(next.Key()), len(v)})
		if next == it {
			ok = it.Next()
		} else {
			other = beside.Next()
		}
	}
	return ok || other, nil
}

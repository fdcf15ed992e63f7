package sortcmd

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

const textNotNumbers = "ERR One or more scores can't be converted into double"

// run returns a Run that serves SORT, or SORT_RO, which may not store.
func run(mayStore bool) func(context.Context, *command.Call) {
	return func(ctx context.Context, c *command.Call) {
		o, refusal := parse(c.Args[2:], mayStore)
		if refusal == "" {
			refusal = o.serve(ctx, c)
		}
		if refusal != "" {
			c.Out.Error(refusal)
		}
	}
}

// serve carries out a SORT, and answers unless it returns a reason to refuse it.
func (o *options) serve(ctx context.Context, c *command.Call) (refusal string) {
	elements, ordered, refusal := elementsOf(ctx, c)
	if refusal != "" {
		return refusal
	}
	if o.unsorted && !ordered && o.store != nil { // what is stored has an order that follows from the set
		o.unsorted, o.alphabetical, o.by = false, true, nil
	}
	r := &reader{c: c, budget: c.Node.Limits.Output.Load()}
	switch {
	case !o.unsorted:
		if elements, refusal = o.sorted(ctx, r, elements); refusal != "" {
			return refusal
		}
	case ordered && o.descending:
		slices.Reverse(elements)
	}
	values := o.limit(elements)
	if len(o.get) > 0 {
		patterns := make([]lookup, len(o.get))
		for i, pattern := range o.get {
			patterns[i] = lookupOf(pattern)
		}
		if values, refusal = r.values(ctx, values, patterns); refusal != "" {
			return refusal
		}
	}
	if o.store != nil {
		o.write(ctx, c, values)
		return ""
	}
	c.Out.Array(len(values))
	for _, value := range values {
		if value == nil {
			c.Out.Null()
			continue
		}
		c.Out.Value(value)
	}
	return ""
}

// write makes a list of values, and answers with its length.
func (o *options) write(ctx context.Context, c *command.Call, values [][]byte) {
	r := c.ChangeNow(ctx, o.store, collection.Command{Op: collection.ListStore, Seed: rand.Uint64(), Args: values})
	if a, ok := c.Changed(r, nil); ok {
		c.Out.Int(a.Number)
	}
}

// weighed is an element and what it is sorted by.
type weighed struct {
	element []byte
	text    []byte  // nil: there is none
	number  float64 // of the text, 0 if there is none
}

// sorted sorts elements.
func (o *options) sorted(ctx context.Context, r *reader, elements [][]byte) (sorted [][]byte, refusal string) {
	texts := elements
	if o.by != nil {
		if texts, refusal = r.values(ctx, elements, []lookup{lookupOf(o.by)}); refusal != "" {
			return nil, refusal
		}
	}
	list := make([]weighed, len(elements))
	for i := range list {
		list[i] = weighed{element: elements[i], text: texts[i]}
		if o.alphabetical || texts[i] == nil {
			continue
		}
		var ok bool
		if list[i].number, ok = parseNumber(texts[i]); !ok {
			return nil, textNotNumbers
		}
	}
	slices.SortStableFunc(list, func(a, b weighed) int {
		if o.descending {
			a, b = b, a
		}
		return o.compare(a, b)
	})
	sorted = make([][]byte, len(list))
	for i := range list {
		sorted[i] = list[i].element
	}
	return sorted, ""
}

// compare orders elements by their texts, those without one first, or by their numbers, and
// those of equal numbers by their bytes.
func (o *options) compare(a, b weighed) int {
	if !o.alphabetical {
		return cmp.Or(cmp.Compare(a.number, b.number), bytes.Compare(a.element, b.element))
	}
	switch {
	case a.text == nil && b.text == nil:
		return 0
	case a.text == nil:
		return -1
	case b.text == nil:
		return 1
	}
	return bytes.Compare(a.text, b.text)
}

// parseNumber reads a number as C's strtod does: it may begin with blanks, and no text at all is
// 0. One that is too large or too small, or no number, is refused.
func parseNumber(text []byte) (f float64, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	return number.ParseDouble(bytes.TrimLeft(text, " \t\n\v\f\r"))
}

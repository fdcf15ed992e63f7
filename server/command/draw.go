package command

import (
	"math/rand/v2"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
)

// MaxDraws is the most elements that a client may draw at random with repetitions.
const MaxDraws = 1 << 20

// textDraws refuses more draws than MaxDraws.
const textDraws = "ERR value is out of range, value must between -1048576 and 9223372036854775807"

// mostSelected is how many different elements of a large collection are drawn without reading all of it.
const mostSelected = 1024

// ParseDraws reads how many elements a client wants drawn.
func ParseDraws(arg []byte) (count int64, refusal string) {
	count, ok := number.ParseInt(arg)
	switch {
	case !ok:
		return 0, TextNotInteger
	case count < -MaxDraws:
		return 0, textDraws
	}
	return count, ""
}

// PlanDraw plans a command that draws elements of the first key at random: as many as count, each once, or,
// if count is negative, as many as -count, with repetitions. show writes what was drawn. Whether the key was
// found is counted.
func (c *Call) PlanDraw(kind object.Kind, count int64, show func(*Call, collection.View)) {
	r := c.Read(c.Args[1])
	draw := object.Draw{Seed: rand.Uint64(), Count: int(min(max(count, -count), mostSelected+1))}
	if draw.Count <= mostSelected {
		r.Selection.Draws = object.Draws{Kind: kind, List: []object.Draw{draw}}
	}
	c.Reply = func(c *Call) {
		r := c.Requests[0]
		v, ok := c.View(r, kind)
		if !ok {
			return
		}
		all := collection.CountOf(&r.Object, kind, c.Now)
		c.Count(all > 0)
		if len(v) == all {
			show(c, drawOfAll(v, count))
			return
		}
		var drawn collection.View
		for _, at := range draw.Among(len(v), func(i int) []byte { return v[i].Name }) {
			drawn = append(drawn, v[at])
		}
		if count < 0 {
			drawn = repeated(drawn, all, int(-count))
		}
		show(c, drawn)
	}
}

// drawOfAll draws among all elements of a collection.
func drawOfAll(v collection.View, count int64) collection.View {
	if count < 0 && len(v) > 0 {
		drawn := make(collection.View, -count)
		for i := range drawn {
			drawn[i] = v[rand.IntN(len(v))]
		}
		return drawn
	}
	if count >= int64(len(v)) || count < 0 {
		return v
	}
	left := append(collection.View(nil), v...)
	for i := range count {
		other := i + rand.Int64N(int64(len(left))-i)
		left[i], left[other] = left[other], left[i]
	}
	return left[:count]
}

// repeated draws so many elements with repetitions among all of a collection, which are that many, and of
// which some were drawn once each: as many as are drawn now, or all. Each of them is one of those before it
// with the chance that it has among all, or the next one.
func repeated(once collection.View, all, count int) (drawn collection.View) {
	used := 0
	for range count {
		at := rand.IntN(all)
		if at >= used {
			at = used
			used++
		}
		drawn = append(drawn, once[at])
	}
	return drawn
}

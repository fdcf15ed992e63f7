package command

import (
	"math/rand/v2"
	"strconv"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/resp"
)

// MaxDraws is the most elements that a client may draw at random with repetitions.
const MaxDraws = 1 << 20

// textDraws refuses more draws than MaxDraws.
const textDraws = "ERR value is out of range, value must between -1048576 and 9223372036854775807"

// PlanScan plans HSCAN, SSCAN or ZSCAN key cursor [MATCH glob] [COUNT n]. show writes one
// element as some replies, of which there are as many as parts.
func (c *Call) PlanScan(kind object.Kind, parts int, show func(*Call, *object.Element)) {
	cursor, ok := number.ParseUint(c.Args[2])
	if !ok {
		c.Refuse(TextBadCursor)
		return
	}
	pattern, count, refusal := scanElementsOptions(c.Args[3:])
	c.Read(c.Args[1])
	c.Reply = func(c *Call) {
		v, ok := c.View(c.Requests[0], kind)
		if !ok {
			return
		}
		if refusal != "" && len(v) > 0 { // Redis reads the options of a key that exists
			c.Out.Error(refusal)
			return
		}
		page, next := v.Page(cursor, int(min(count, int64(len(v)))))
		shown := page
		if pattern != nil {
			shown = nil
			for _, e := range page {
				if glob.Pattern(pattern).Match(e.Name) {
					shown = append(shown, e)
				}
			}
		}
		c.Out.Array(2)
		c.Out.Text(strconv.FormatUint(next, 10))
		c.Out.Array(parts * len(shown))
		for _, e := range shown {
			show(c, e)
		}
	}
}

// scanElementsOptions reads [MATCH glob] [COUNT n]. The pattern is nil if there is none.
func scanElementsOptions(args [][]byte) (pattern []byte, count int64, refusal string) {
	count = 10
	for ; len(args) > 0; args = args[2:] {
		switch {
		case len(args) < 2:
			return nil, 0, TextSyntax
		case resp.Is(args[0], "MATCH"):
			pattern = args[1]
		case resp.Is(args[0], "COUNT"):
			n, ok := number.ParseInt(args[1])
			switch {
			case !ok:
				return nil, 0, TextNotInteger
			case n < 1:
				return nil, 0, TextSyntax
			}
			count = n
		default:
			return nil, 0, TextSyntax
		}
	}
	return pattern, count, ""
}

// Draw draws elements at random: as many as count, each once, or, if count is negative,
// as many as -count, with repetitions.
func Draw(v collection.View, count int64) collection.View {
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

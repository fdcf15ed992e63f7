package command

import (
	"strconv"

	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/resp"
)

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

package stringcmd

import (
	"errors"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// LCS fills a table with a cell for each pair of a byte of one value and a byte of the
// other. As in Redis, where a cell has lcsCell bytes, a table that would be larger than
// proto-max-bulk-len is refused. Here a cell is one bit.
const lcsCell = 4

const (
	textLCSBoth = "ERR If you want both the length and indexes, please just use IDX."
	textLCSType = "ERR The specified keys must contain string values"
	textLCSBig  = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
)

// lcsOptions are those of LCS.
type lcsOptions struct {
	length, ranges, rangeLengths bool
	shortest                     int64 // range that is shown
}

func (o *lcsOptions) parse(args [][]byte) (refusal string) {
	for i := 3; i < len(args); i++ {
		switch arg := args[i]; {
		case resp.Is(arg, "LEN"):
			o.length = true
		case resp.Is(arg, "IDX"):
			o.ranges = true
		case resp.Is(arg, "WITHMATCHLEN"):
			o.rangeLengths = true
		case resp.Is(arg, "MINMATCHLEN") && i+1 < len(args):
			n, ok := number.ParseInt(args[i+1])
			if !ok {
				return command.TextNotInteger
			}
			o.shortest = max(n, 0)
			i++
		default:
			return command.TextSyntax
		}
	}
	if o.length && o.ranges {
		return textLCSBoth
	}
	return ""
}

// planLCS serves LCS key key [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN].
func planLCS(c *command.Call) {
	var o lcsOptions
	if refusal := o.parse(c.Args); refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.Read(c.Args[1])
	c.Read(c.Args[2])
	c.Reply = replyLCS
}

func replyLCS(c *command.Call) {
	var values [2][]byte
	for i, r := range c.Requests {
		v, _, err := c.Value(r)
		if errors.Is(err, register.ErrWrongType) {
			c.Out.Error(textLCSType)
			return
		}
		if err != nil {
			c.Fail(err)
			return
		}
		values[i] = v.Data
	}
	a, b := values[0], values[1]
	cells := int64(len(a)+1) * int64(len(b)+1) // at most 2^58: a value has at most 2^29 bytes
	if cells > c.Node.Limits.Protocol.BulkBytes.Load()/lcsCell || !c.Node.Budget.Take(cells/8) {
		c.Out.Error(textLCSBig)
		return
	}
	defer c.Node.Budget.Give(cells / 8)
	table := newLCSTable(a, b)
	var o lcsOptions
	_ = o.parse(c.Args) // the plan has refused what is wrong
	switch {
	case o.length:
		c.Out.Int(int64(table.length))
	case o.ranges:
		replyLCSRanges(c, o, table)
	default:
		c.Out.Value(table.common())
	}
}

// replyLCSRanges writes the ranges that match, the last first, as positions in
// both values.
func replyLCSRanges(c *command.Call, o lcsOptions, t *lcsTable) {
	ranges := t.ranges()
	shown := ranges[:0]
	for _, r := range ranges {
		if int64(r.length) >= o.shortest {
			shown = append(shown, r)
		}
	}
	c.Out.Map(2)
	c.Out.Text("matches")
	c.Out.Array(len(shown))
	for _, r := range shown {
		parts := 2
		if o.rangeLengths {
			parts = 3
		}
		c.Out.Array(parts)
		for _, start := range [...]int{r.a, r.b} {
			c.Out.Array(2)
			c.Out.Int(int64(start))
			c.Out.Int(int64(start + r.length - 1))
		}
		if parts == 3 {
			c.Out.Int(int64(r.length))
		}
	}
	c.Out.Text("len")
	c.Out.Int(int64(t.length))
}

// lcsTable says how the longest common subsequence of a and b is found from its end:
// where two bytes differ, whether to go back in a or in b.
type lcsTable struct {
	a, b   []byte
	length uint32   // of the subsequence
	goBack []uint64 // a bit for each pair, row by row for the bytes of a; set: go back in a
}

// newLCSTable fills the table for a and b. It keeps two rows of lengths: those of the
// beginning of a so far, with each beginning of b.
func newLCSTable(a, b []byte) *lcsTable {
	t := &lcsTable{a: a, b: b, goBack: make([]uint64, (len(a)*len(b)+63)/64)}
	above, row := make([]uint32, len(b)+1), make([]uint32, len(b)+1)
	cell := 0
	for _, c := range a {
		for j, d := range b {
			switch {
			case c == d:
				row[j+1] = above[j] + 1
			case above[j+1] > row[j]:
				row[j+1] = above[j+1]
				t.goBack[cell/64] |= 1 << (cell % 64)
			default:
				row[j+1] = row[j]
			}
			cell++
		}
		above, row = row, above
	}
	t.length = above[len(b)]
	return t
}

// goesBackInA reports whether the way back from the bytes a[i] and b[j] leads to a[i-1].
func (t *lcsTable) goesBackInA(i, j int) bool {
	cell := i*len(t.b) + j
	return t.goBack[cell/64]&(1<<(cell%64)) != 0
}

// lcsRange is a stretch that both values have.
type lcsRange struct{ a, b, length int }

// ranges walks back through the table, and where both ways are as good goes back
// in b, as Redis does: the last stretch comes first.
func (t *lcsTable) ranges() (list []lcsRange) {
	i, j, open := len(t.a), len(t.b), false
	for i > 0 && j > 0 {
		if t.a[i-1] != t.b[j-1] {
			open = false
			if t.goesBackInA(i-1, j-1) {
				i--
			} else {
				j--
			}
			continue
		}
		i, j = i-1, j-1
		if !open {
			list, open = append(list, lcsRange{}), true
		}
		last := &list[len(list)-1]
		last.a, last.b, last.length = i, j, last.length+1
	}
	return list
}

// common returns the subsequence.
func (t *lcsTable) common() []byte {
	out := make([]byte, t.length)
	at := len(out)
	for _, r := range t.ranges() {
		at -= r.length
		copy(out[at:], t.a[r.a:r.a+r.length])
	}
	return out
}

package server

import "github.com/quorate/quorate/server/resp"

// lcsMost bounds the table that LCS fills: a byte of one value times a byte of the
// other is a cell of four bytes, and a nanosecond or two of work.
const lcsMost = 16 << 20 // cells

const (
	textLCSBoth = "ERR If you want both the length and indexes, please just use IDX."
	textLCSBig  = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
)

// lcsOptions are those of LCS; kept in entry.a and entry.b until the reply.
const (
	lcsLength = 1 << iota
	lcsRanges
	lcsRangeLengths
)

// planLCS serves LCS key key [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN]: the longest
// subsequence that two values share.
func planLCS(s *session, e *entry) {
	for i := 3; i < len(e.args); i++ {
		switch arg := e.args[i]; {
		case resp.Is(arg, "LEN"):
			e.a |= lcsLength
		case resp.Is(arg, "IDX"):
			e.a |= lcsRanges
		case resp.Is(arg, "WITHMATCHLEN"):
			e.a |= lcsRangeLengths
		case resp.Is(arg, "MINMATCHLEN") && i+1 < len(e.args):
			n, ok := resp.ParseInt(e.args[i+1])
			if !ok {
				s.refuse(e, textNotInteger)
				return
			}
			e.b = max(n, 0)
			i++
		default:
			s.refuse(e, textSyntax)
			return
		}
	}
	if e.a&lcsLength != 0 && e.a&lcsRanges != 0 {
		s.refuse(e, textLCSBoth)
		return
	}
	s.read(e, e.args[1])
	s.read(e, e.args[2])
	e.reply = replyLCS
}

func replyLCS(s *session, e *entry) {
	var values [2][]byte
	for i, sl := range e.slots {
		v, _, err := s.value(sl)
		if err != nil {
			s.fail(err)
			return
		}
		values[i] = v.Data
	}
	a, b := values[0], values[1]
	cells := (len(a) + 1) * (len(b) + 1)
	if cells > lcsMost || !s.server.budget.take(4*int64(cells)) {
		s.out.Error(textLCSBig)
		return
	}
	defer s.server.budget.give(4 * int64(cells))
	table := newLCSTable(a, b)
	switch {
	case e.a&lcsLength != 0:
		s.out.Int(int64(table.length(len(a), len(b))))
	case e.a&lcsRanges != 0:
		s.replyLCSRanges(e, table)
	default:
		s.out.Value(table.common())
	}
}

// replyLCSRanges writes the stretches that match, the last first, as places in
// both values.
func (s *session) replyLCSRanges(e *entry, t *lcsTable) {
	ranges := t.ranges()
	shown := ranges[:0]
	for _, r := range ranges {
		if int64(r.length) >= e.b {
			shown = append(shown, r)
		}
	}
	s.out.Map(2)
	s.out.Text("matches")
	s.out.Array(len(shown))
	for _, r := range shown {
		parts := 2
		if e.a&lcsRangeLengths != 0 {
			parts = 3
		}
		s.out.Array(parts)
		for _, start := range [...]int{r.a, r.b} {
			s.out.Array(2)
			s.out.Int(int64(start))
			s.out.Int(int64(start + r.length - 1))
		}
		if parts == 3 {
			s.out.Int(int64(r.length))
		}
	}
	s.out.Text("len")
	s.out.Int(int64(t.length(len(t.a), len(t.b))))
}

// lcsTable holds the length of the longest common subsequence of every pair of
// beginnings of a and b.
type lcsTable struct {
	a, b  []byte
	cells []uint32
}

func newLCSTable(a, b []byte) *lcsTable {
	width := len(b) + 1
	t := &lcsTable{a: a, b: b, cells: make([]uint32, (len(a)+1)*width)}
	for i, c := range a {
		above, row := t.cells[i*width:(i+1)*width], t.cells[(i+1)*width:(i+2)*width]
		for j, d := range b {
			if c == d {
				row[j+1] = above[j] + 1
			} else {
				row[j+1] = max(above[j+1], row[j])
			}
		}
	}
	return t
}

func (t *lcsTable) length(i, j int) uint32 { return t.cells[i*(len(t.b)+1)+j] }

// lcsRange is a stretch that both values have.
type lcsRange struct{ a, b, length int }

// ranges walks back through the table, and where both ways are as good goes back
// in b, as Redis does: the last stretch comes first.
func (t *lcsTable) ranges() (list []lcsRange) {
	i, j, open := len(t.a), len(t.b), false
	for i > 0 && j > 0 {
		if t.a[i-1] != t.b[j-1] {
			open = false
			if t.length(i-1, j) > t.length(i, j-1) {
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

// common is the subsequence itself.
func (t *lcsTable) common() []byte {
	out := make([]byte, t.length(len(t.a), len(t.b)))
	at := len(out)
	for _, r := range t.ranges() {
		at -= r.length
		copy(out[at:], t.a[r.a:r.a+r.length])
	}
	return out
}

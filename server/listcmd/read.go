package listcmd

import (
	"bytes"
	"errors"
	"math"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

func planRead(show func(*command.Call, collection.View)) func(*command.Call) {
	return command.PlanView(object.Item, show)
}

// planRange serves LRANGE key first last.
func planRange(c *command.Call) {
	at, ok := parseIndexes(c.Args[2:])
	if !ok {
		c.Refuse(command.TextNotInteger)
		return
	}
	planItems(c, func(c *command.Call, l *collection.Items) {
		c.Count(l.Len() > 0)
		items, ok := l.Range(l.Bounds(at))
		if !ok {
			c.Fail(errNotRead)
			return
		}
		c.Out.Array(len(items))
		for _, e := range items {
			c.Out.Value(e.Data)
		}
	}, at)
}

// errNotRead says that a read has not found what it selected. Nothing is wrong with the list.
var errNotRead = errors.New("the items at these indexes were not read")

// planItems plans a read of the items of some indexes of a list, which show is given. Of a large list
// it reads these alone, if they can be found from an end.
func planItems(c *command.Call, show func(*command.Call, *collection.Items), at collection.Indexes) {
	planRead(func(c *command.Call, v collection.View) {
		items := v.Items(&c.Requests[0].Object, c.Now)
		show(c, &items)
	})(c)
	if selected, ok := at.Selection(); ok {
		c.Requests[0].Selection = selected
	}
}

// planItem serves LINDEX key index. A wrong index of a key that does not exist is not told.
func planItem(c *command.Call) {
	index, isInt := number.ParseInt(c.Args[2])
	planItems(c, func(c *command.Call, l *collection.Items) {
		at, there := l.Index(index)
		switch {
		case l.Len() > 0 && !isInt:
			c.Out.Error(command.TextNotInteger)
			return
		case !there:
			c.Found(nil, false)
			return
		}
		e, ok := l.At(at)
		if !ok {
			c.Fail(errNotRead)
			return
		}
		c.Found(e.Data, true)
	}, collection.Indexes{First: index, Last: index})
}

// search is what LPOS looks for.
type search struct {
	rank    int64 // which match is the first that counts, from the tail if it is negative
	count   int64 // how many indexes are wanted
	counted bool  // they are wanted as an array
	most    int64 // how many items are looked at
}

const (
	textRankRange = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
	textRankZero  = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"
)

// parseSearch reads [RANK rank] [COUNT count] [MAXLEN most].
func parseSearch(args [][]byte) (s search, refusal string) {
	s = search{rank: 1, count: 1, most: math.MaxInt64}
	for ; len(args) > 0; args = args[2:] {
		if len(args) < 2 {
			return s, command.TextSyntax
		}
		n, ok := number.ParseInt(args[1])
		switch {
		case resp.Is(args[0], "RANK"):
			switch {
			case !ok:
				return s, command.TextNotInteger
			case n == math.MinInt64:
				return s, textRankRange
			case n == 0:
				return s, textRankZero
			}
			s.rank = n
		case resp.Is(args[0], "COUNT"):
			if !ok || n < 0 {
				return s, "ERR COUNT can't be negative"
			}
			if s.count, s.counted = n, true; n == 0 {
				s.count = math.MaxInt64
			}
		case resp.Is(args[0], "MAXLEN"):
			if !ok || n < 0 {
				return s, "ERR MAXLEN can't be negative"
			}
			if s.most = n; n == 0 {
				s.most = math.MaxInt64
			}
		default:
			return s, command.TextSyntax
		}
	}
	return s, ""
}

// in returns the indexes of the items of a list that match.
func (s *search) in(v collection.View, item []byte) (found []int) {
	left := max(s.rank, -s.rank) - 1 // matches that do not count
	for i := range int(min(s.most, int64(len(v)))) {
		at := i
		if s.rank < 0 {
			at = len(v) - 1 - i
		}
		switch {
		case !bytes.Equal(v[at].Data, item):
		case left > 0:
			left--
		default:
			if found = append(found, at); int64(len(found)) == s.count {
				return found
			}
		}
	}
	return found
}

// planPositions serves LPOS key item [RANK rank] [COUNT count] [MAXLEN most].
func planPositions(c *command.Call) {
	s, refusal := parseSearch(c.Args[3:])
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	planRead(func(c *command.Call, v collection.View) {
		c.Count(len(v) > 0)
		found := s.in(v, c.Args[2])
		switch {
		case s.counted:
			c.Out.Array(len(found))
			for _, at := range found {
				c.Out.Int(int64(at))
			}
		case len(found) > 0:
			c.Out.Int(int64(found[0]))
		default:
			c.Out.Null()
		}
	})(c)
}

package zsetcmd

import (
	"math"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// textDraws refuses a number of members for which the reply would have too many parts.
const textDraws = "ERR value is out of range"

func showScore(c *command.Call, v collection.View) { writeScore(c, v, c.Args[2]) }

// writeScore writes the score of a member, or nil.
func writeScore(c *command.Call, v collection.View, member []byte) {
	if e := v.Find(member); e != nil {
		c.Out.Double(collection.ScoredOf(e).Score)
		return
	}
	c.Out.Null()
}

func showScores(c *command.Call, v collection.View) {
	c.Out.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		writeScore(c, v, member)
	}
}

// planRank returns the Plan of ZRANK or ZREVRANK key member [WITHSCORE].
func planRank(d direction) func(*command.Call) {
	return func(c *command.Call) {
		withScore := len(c.Args) == 4
		switch {
		case len(c.Args) > 4:
			c.Refuse(command.WrongArity(c.Row))
			return
		case withScore && !resp.Is(c.Args[3], "WITHSCORE"):
			c.Refuse(command.TextSyntax)
			return
		}
		planView(func(c *command.Call, v collection.View) {
			e := v.Find(c.Args[2])
			switch {
			case e == nil && withScore:
				c.Out.NullArray()
				return
			case e == nil:
				c.Out.Null()
				return
			case withScore:
				c.Out.Array(2)
			}
			rank := collection.RankingOf(v).RankOf(e.Name)
			if d == descending {
				rank = len(v) - 1 - rank
			}
			c.Out.Int(int64(rank))
			if withScore {
				c.Out.Double(collection.ScoredOf(e).Score)
			}
		})(c)
	}
}

// planRandom serves ZRANDMEMBER key [count [WITHSCORES]].
func planRandom(c *command.Call) {
	if len(c.Args) == 2 {
		c.PlanDraw(object.Scored, 1, func(c *command.Call, drawn collection.View) {
			if len(drawn) == 0 {
				c.Out.Null()
				return
			}
			c.Out.Value(drawn[0].Name)
		})
		return
	}
	d := names
	count, refusal := command.ParseDraws(c.Args[2])
	if len(c.Args) > 3 {
		d = scores
		switch n, ok := number.ParseInt(c.Args[2]); {
		case len(c.Args) > 4 || !resp.Is(c.Args[3], "WITHSCORES"):
			refusal = command.TextSyntax
		case ok && (n < -math.MaxInt64/2 || n > math.MaxInt64/2):
			refusal = textDraws
		}
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.PlanDraw(object.Scored, count, func(c *command.Call, drawn collection.View) {
		r := make(collection.Ranking, len(drawn))
		for i, e := range drawn {
			r[i] = collection.ScoredOf(e)
		}
		reply(c, r, d)
	})
}

// planScan serves ZSCAN key cursor [MATCH glob] [COUNT n].
func planScan(c *command.Call) {
	c.PlanScan(object.Scored, 2, func(c *command.Call, e *object.Element) {
		s := collection.ScoredOf(e)
		c.Out.Value(s.Member)
		c.Out.Text(number.FormatDouble(s.Score))
	})
}

// planCountScores serves ZCOUNT key min max.
func planCountScores(c *command.Call) { planCount(c, parseScores) }

// planCountNames serves ZLEXCOUNT key min max.
func planCountNames(c *command.Call) { planCount(c, parseNames) }

func planCount(c *command.Call, parse parser) {
	s, refusal := parse(c.Args[2], c.Args[3])
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	planView(func(c *command.Call, v collection.View) { c.Out.Int(int64(len(s.Of(collection.RankingOf(v))))) })(c)
}

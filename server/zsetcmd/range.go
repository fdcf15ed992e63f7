package zsetcmd

import (
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const (
	textLimit = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
	textByLex = "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
)

// way says what a range goes by.
type way uint8

const (
	anyWay  way = iota // as the arguments say, or by rank
	byRank             // from one rank to another
	byScore            // from one score to another
	byName             // from one name to another
)

// direction is the order of the members of a range.
type direction uint8

const (
	anyDirection direction = iota // as the arguments say, or ascending
	ascending
	descending // the highest score first; the arguments name the upper end first
)

// form is what a command's name says of its ranges.
type form struct {
	way
	direction
	store bool // the range is written to another key
}

// query is what a client wants of a sorted set.
type query struct {
	form
	detail
	span          collection.Range
	offset, count int64 // a negative count is all
	context       bool  // the client asks for the context of the key
}

// parseQuery reads start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES] [CONTEXT].
// Only ZRANGE takes the last one.
func parseQuery(f form, args [][]byte) (q query, refusal string) {
	q.form, q.count = f, -1
	for rest := args[2:]; len(rest) > 0; rest = rest[1:] {
		switch arg := rest[0]; {
		case !f.store && resp.Is(arg, "WITHSCORES"):
			q.detail = scores
		case resp.Is(arg, "LIMIT") && len(rest) > 2:
			var ok, alsoOK bool
			q.offset, ok = number.ParseInt(rest[1])
			q.count, alsoOK = number.ParseInt(rest[2])
			if !ok || !alsoOK {
				return q, command.TextNotInteger
			}
			rest = rest[2:]
		case f == (form{}) && resp.Is(arg, "CONTEXT"):
			q.context = true
		case q.direction == anyDirection && resp.Is(arg, "REV"):
			q.direction = descending
		case q.way == anyWay && resp.Is(arg, "BYSCORE"):
			q.way = byScore
		case q.way == anyWay && resp.Is(arg, "BYLEX"):
			q.way = byName
		default:
			return q, command.TextSyntax
		}
	}
	return q, q.parseSpan(args[0], args[1])
}

// parseSpan reads the two ends of the range.
func (q *query) parseSpan(first, last []byte) (refusal string) {
	if q.way == anyWay {
		q.way = byRank
	}
	parse := parseRanks
	switch {
	case q.way == byRank && q.count != -1:
		return textLimit
	case q.way == byName && q.detail == scores:
		return textByLex
	case q.way == byScore:
		parse = parseScores
	case q.way == byName:
		parse = parseNames
	}
	if q.way != byRank && q.direction == descending {
		first, last = last, first
	}
	if q.span, refusal = parse(first, last); refusal != "" {
		return refusal
	}
	if ranks, ok := q.span.(collection.Ranks); ok {
		ranks.FromHighest = q.direction == descending
		q.span = ranks
	}
	return ""
}

// of returns the members of a sorted set that the client wants.
func (q *query) of(v collection.View) collection.Ranking {
	r := q.span.Of(collection.RankingOf(v))
	if q.direction == descending {
		r.Reverse()
	}
	if q.way == byRank {
		return r
	}
	if q.offset < 0 || q.offset > int64(len(r)) {
		return nil
	}
	if r = r[q.offset:]; q.count >= 0 && q.count < int64(len(r)) {
		r = r[:q.count]
	}
	return r
}

// planRange returns the Plan of ZRANGE and its older forms.
func planRange(f form) func(*command.Call) {
	return func(c *command.Call) {
		q, refusal := parseQuery(f, c.Args[2:])
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		planView(q.reply)(c)
	}
}

// reply answers with the members that the client wants, behind the context if it asks for it.
func (q *query) reply(c *command.Call, v collection.View) {
	r := q.of(v)
	if !fits(c, r) {
		return
	}
	if q.context {
		c.Out.Array(2)
		c.WriteContext(c.Requests[0].Key, c.Requests[0].Object.Context())
	}
	write(c, r, q.detail)
}

// runRangeStore serves ZRANGESTORE target source start stop [BYSCORE|BYLEX] [REV] [LIMIT offset
// count].
func runRangeStore(ctx context.Context, c *command.Call) {
	q, refusal := parseQuery(form{store: true}, c.Args[3:])
	if refusal != "" {
		c.Out.Error(refusal)
		return
	}
	if v, ok := c.View(c.ReadNow(ctx, c.Args[2]), object.Scored); ok {
		c.Count(len(v) > 0)
		store(ctx, c, q.of(v))
	}
}

// store writes members to the first key, in place of what it has, and answers with their number.
// Without members it deletes the key.
func store(ctx context.Context, c *command.Call, r collection.Ranking) {
	args := make([][]byte, 0, 2*len(r))
	for _, s := range r {
		args = append(args, s.Member, object.AppendScore(nil, s.Score))
	}
	written := c.ChangeNow(ctx, c.Args[1], collection.Command{Op: collection.ScoredStore, Args: args})
	if a, ok := c.Changed(written, nil); ok {
		c.Out.Int(a.Number)
	}
}

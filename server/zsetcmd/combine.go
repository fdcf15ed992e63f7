package zsetcmd

import (
	"bytes"
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// combination is what a client wants made of several keys.
type combination struct {
	detail
	keys    [][]byte
	weights []float64 // one for each key, or none
	how     collection.Aggregate
	most    int64 // members that are counted; 0: all
}

// allows says which options a command has.
type allows struct{ weights, scores, limit bool }

var aggregates = []struct {
	name string
	how  collection.Aggregate
}{{"SUM", collection.Sum}, {"MIN", collection.Least}, {"MAX", collection.Greatest}}

// parseCombination reads numkeys key [key …] [WEIGHTS weight …] [AGGREGATE SUM|MIN|MAX]
// [WITHSCORES] [LIMIT limit].
func parseCombination(c *command.Call, args [][]byte, may allows) (m combination, refusal string) {
	n, ok := number.ParseInt(args[0])
	switch {
	case !ok:
		return m, command.TextNotInteger
	case n < 1:
		return m, "ERR at least 1 input key is needed for '" + c.Row.Full() + "' command"
	case n > int64(len(args)-1):
		return m, command.TextSyntax
	}
	m.keys = args[1 : 1+n]
	for rest := args[1+n:]; len(rest) > 0; rest = rest[1:] {
		switch arg := rest[0]; {
		case may.weights && resp.Is(arg, "WEIGHTS") && int64(len(rest)) > n:
			if m.weights, ok = parseWeights(rest[1 : 1+n]); !ok {
				return m, "ERR weight value is not a float"
			}
			rest = rest[n:]
		case may.weights && resp.Is(arg, "AGGREGATE") && len(rest) > 1:
			if m.how, ok = parseAggregate(rest[1]); !ok {
				return m, command.TextSyntax
			}
			rest = rest[1:]
		case may.scores && resp.Is(arg, "WITHSCORES"):
			m.detail = scores
		case may.limit && resp.Is(arg, "LIMIT") && len(rest) > 1:
			if m.most, ok = number.ParseInt(rest[1]); !ok || m.most < 0 {
				return m, "ERR LIMIT can't be negative"
			}
			rest = rest[1:]
		default:
			return m, command.TextSyntax
		}
	}
	return m, ""
}

func parseWeights(args [][]byte) (weights []float64, ok bool) {
	for _, arg := range args {
		weight, ok := number.ParseDouble(arg)
		if !ok {
			return nil, false
		}
		weights = append(weights, weight)
	}
	return weights, true
}

func parseAggregate(arg []byte) (how collection.Aggregate, ok bool) {
	for _, a := range aggregates {
		if resp.Is(arg, a.name) {
			return a.how, true
		}
	}
	return 0, false
}

// read returns the sets and sorted sets of the keys. If it cannot, it answers with the reason.
func (m *combination) read(ctx context.Context, c *command.Call) (inputs []collection.Input, ok bool) {
	size := int64(0)
	sum := c.InPieces(ctx, append([][]byte{nil}, m.keys...), command.PlanReads, func(sum *command.Sum, piece *command.Call) {
		for _, r := range piece.Requests {
			v, err := viewOfEither(piece, r)
			if err != nil {
				sum.Refusal = command.ErrorText(err)
				return
			}
			piece.Count(len(v) > 0)
			in := collection.Input{Ranking: collection.RankingOf(v), Weight: 1}
			if len(m.weights) > 0 {
				in.Weight = m.weights[len(inputs)]
			}
			for i, s := range in.Ranking {
				in.Ranking[i].Member = bytes.Clone(s.Member) // the request is about to be used again
				size += int64(len(s.Member)) + memberOverhead
			}
			if inputs = append(inputs, in); size > c.Node.Limits.Output.Load() {
				sum.Refusal = command.TextReplyTooBig
				return
			}
		}
	})
	if sum.Refusal != "" {
		c.Out.Error(sum.Refusal)
		return nil, false
	}
	return inputs, true
}

// viewOfEither returns the members of a sorted set or of a set.
func viewOfEither(c *command.Call, r *command.Request) (collection.View, error) {
	shown, err := c.Shown(r)
	switch {
	case err != nil:
		return nil, err
	case !shown.Found:
		return nil, nil
	case shown.Kind != object.Scored && shown.Kind != object.Member:
		return nil, register.ErrWrongType
	}
	return c.ViewOf(r, shown.Kind)
}

// runCombine returns the Run of ZUNION and its like.
func runCombine(combine collection.Combination, may allows) func(context.Context, *command.Call) {
	return func(ctx context.Context, c *command.Call) {
		m, refusal := parseCombination(c, c.Args[1:], may)
		if refusal != "" {
			c.Out.Error(refusal)
			return
		}
		inputs, ok := m.read(ctx, c)
		switch {
		case !ok:
		case may.limit:
			n := int64(len(combine(inputs, m.how)))
			if m.most > 0 {
				n = min(n, m.most)
			}
			c.Out.Int(n)
		default:
			reply(c, combine(inputs, m.how), m.detail)
		}
	}
}

// runCombineStore returns the Run of ZUNIONSTORE and its like: target numkeys key [key …] and
// options.
func runCombineStore(combine collection.Combination, may allows) func(context.Context, *command.Call) {
	return func(ctx context.Context, c *command.Call) {
		m, refusal := parseCombination(c, c.Args[2:], may)
		if refusal != "" {
			c.Out.Error(refusal)
			return
		}
		if inputs, ok := m.read(ctx, c); ok {
			store(ctx, c, combine(inputs, m.how))
		}
	}
}

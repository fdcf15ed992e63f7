package geocmd

import (
	"cmp"
	"context"
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/geo"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// textNoMember refuses a search around a member that is not there.
const textNoMember = "ERR could not decode requested zset member"

// hit is a member that a search has found.
type hit struct {
	collection.Scored
	geo.Point
	distance float64 // in metres
}

// run returns the members that the client wants. If it cannot, it answers with the reason.
func (s *search) run(c *command.Call, v collection.View) (hits []hit, ok bool) {
	if s.member != nil && len(v) > 0 {
		if s.shape.Center, ok = find(v, s.member); !ok {
			c.Out.Error(textNoMember)
			return nil, false
		}
	}
	order := s.order
	if order == byHash && s.count > 0 && !s.any {
		order = nearestFirst
	}
	for _, m := range collection.RankingOf(v) {
		p := geo.PointOf(m.Score)
		if distance, inside := s.shape.Contains(p); inside {
			hits = append(hits, hit{m, p, distance})
		}
		if s.any && int64(len(hits)) == s.count {
			break
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		switch order {
		case nearestFirst:
			return cmp.Compare(a.distance, b.distance)
		case farthestFirst:
			return cmp.Compare(b.distance, a.distance)
		}
		return 0
	})
	if s.count > 0 && s.count < int64(len(hits)) {
		hits = hits[:s.count]
	}
	return hits, true
}

// hitOverhead is about what a reply has for a hit beside the bytes of its member.
const hitOverhead = 128

// reply writes what a search has found.
func (s *search) reply(c *command.Call, hits []hit) {
	size := int64(0)
	for i := range hits {
		size += int64(len(hits[i].Member)) + hitOverhead
	}
	if size > c.Node.Limits.Output.Load() {
		c.Out.Error(command.TextReplyTooBig)
		return
	}
	parts := 1
	for _, with := range [...]bool{s.withDistance, s.withHash, s.withPoint} {
		if with {
			parts++
		}
	}
	c.Out.Array(len(hits))
	for i := range hits {
		h := &hits[i]
		if parts > 1 {
			c.Out.Array(parts)
		}
		c.Out.Value(h.Member)
		if s.withDistance {
			writeDistance(c, h.distance/s.metres)
		}
		if s.withHash {
			c.Out.Int(int64(h.Score))
		}
		if s.withPoint {
			writePoint(c, h.Point)
		}
	}
}

// runSearch returns the Run of a search.
func runSearch(f form) func(context.Context, *command.Call) {
	return func(ctx context.Context, c *command.Call) {
		s, refusal := parse(f, c)
		if refusal != "" {
			c.Out.Error(refusal)
			return
		}
		v, ok := c.View(c.ReadNow(ctx, c.Args[f.source()]), object.Scored)
		if !ok {
			return
		}
		c.Count(len(v) > 0)
		hits, ok := s.run(c, v)
		switch {
		case !ok:
		case s.target != nil:
			s.store(ctx, c, hits)
		default:
			s.reply(c, hits)
		}
	}
}

// store writes what a search has found to the target, in place of what it has, and answers with
// the number of members. Without any it deletes the target.
func (s *search) store(ctx context.Context, c *command.Call, hits []hit) {
	change := collection.Command{Op: collection.ScoredStore}
	for i := range hits {
		score := hits[i].Score
		if s.storeDistance {
			score = hits[i].distance / s.metres
		}
		change.Args = append(change.Args, hits[i].Member, object.AppendScore(nil, score))
	}
	if a, ok := c.Changed(c.ChangeNow(ctx, s.target, change), nil); ok {
		c.Out.Int(a.Number)
	}
}

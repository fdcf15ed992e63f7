package collection

import (
	"math"

	"github.com/quorate/quorate/cluster/core/object"
)

// The ops of sorted sets. A score among the arguments is as [object.AppendScore] writes it.
const (
	ScoredAdd    Op = 40 // Args: member, score, and so on; Flags: all but FromHighest
	ScoredRemove Op = 41 // Args: members
	ScoredPop    Op = 42 // Number: how many; Limit: of their bytes; Flags: FromHighest
	ScoredCut    Op = 43 // Args: a range as [AppendRange] writes it
	ScoredStore  Op = 44 // Args: member, score, and so on. A store, as SetStore
)

// The flags of sorted sets.
const (
	IfMember     Flags = 1 << 8  // only where the member exists
	IfGreater    Flags = 1 << 9  // a member that exists only gets a greater score
	IfLess       Flags = 1 << 10 // a member that exists only gets a lower score
	CountChanged Flags = 1 << 11 // the answer counts the members whose score changes, too
	Increment    Flags = 1 << 12 // the score is added to that of the member; there is one member
	FromHighest  Flags = 1 << 13 // the members of the highest scores

	scoredFlags = IfMember | IfGreater | IfLess | CountChanged | Increment | FromHighest
)

// scoresSound reports whether the arguments of a command on sorted sets have the form that its
// op says.
func (c *Command) scoresSound() bool {
	switch c.Op {
	case ScoredAdd, ScoredStore:
		for i := 1; i < len(c.Args); i += 2 {
			if _, ok := object.ReadScore(c.Args[i]); !ok {
				return false
			}
		}
		return c.Flags&Increment == 0 || len(c.Args) == 2
	case ScoredCut:
		_, err := DecodeRange(c.Args[0])
		return err == nil
	}
	return true
}

// addScores serves ZADD and, with Increment, ZINCRBY. The answer's number is how many members
// are new, with CountChanged how many are new or have another score. The answer of an increment
// is the new score as its value, or None where the flags prevent it.
//
// A member that keeps its score is written again: a removal elsewhere that has not seen this
// write does not take it. An increment is a read and a write: of concurrent ones the newest
// shows.
func (c *Command) addScores(v View, set *changes, out *Outcome) {
	for i := 0; i < len(c.Args); i += 2 {
		member := c.Args[i]
		score, _ := object.ReadScore(c.Args[i+1]) // Decode has checked it
		old, exists := scoreBefore(v, set, member)
		if out.None = exists && c.Flags&IfAbsent != 0 || !exists && c.Flags&IfMember != 0; out.None {
			continue
		}
		if c.Flags&Increment != 0 {
			if score += old; math.IsNaN(score) {
				out.Failure = NaN
				return
			}
		}
		if out.None = exists && (c.Flags&IfGreater != 0 && score <= old || c.Flags&IfLess != 0 && score >= old); out.None {
			continue
		}
		change, _ := set.of(member)
		change.Data = object.AppendScore(nil, score)
		if !exists || c.Flags&CountChanged != 0 && score != old {
			out.Number++
		}
		if c.Flags&Increment != 0 {
			out.Values = [][]byte{change.Data}
		}
	}
	out.None = out.None && c.Flags&Increment != 0
}

// scoreBefore returns the score of a member after the changes so far, and whether it exists.
func scoreBefore(v View, set *changes, member []byte) (score float64, exists bool) {
	data, exists := []byte(nil), false
	if at, changed := set.at[string(member)]; changed {
		data, exists = set.list[at].Data, true
	} else if e := v.Find(member); e != nil {
		data, exists = e.Data, true
	}
	score, _ = object.ReadScore(data)
	return score, exists
}

// popScores serves ZPOPMIN and ZPOPMAX. The answer's values are the members and their scores.
// Nothing is removed if they have more than c.Limit bytes.
func (c *Command) popScores(v View, set *changes, out *Outcome) {
	r := RankingOf(v)
	if c.Flags&FromHighest != 0 {
		r.Reverse()
	}
	size := int64(0)
	for _, s := range r[:min(max(c.Number, 0), int64(len(r)))] {
		if size += int64(len(s.Member)) + object.ScoreLen; c.Limit > 0 && size > c.Limit {
			out.Failure = TooLong
			return
		}
		out.Values = append(out.Values, s.Member, object.AppendScore(nil, s.Score))
		change, _ := set.of(s.Member)
		change.Remove = true
	}
}

// cutScores serves ZREMRANGEBYRANK and its like. The answer's number is how many members were
// removed.
func (c *Command) cutScores(v View, set *changes, out *Outcome) {
	cut, _ := DecodeRange(c.Args[0]) // Decode has checked it
	for _, s := range cut.Of(RankingOf(v)) {
		change, _ := set.of(s.Member)
		change.Remove = true
	}
	out.Number, out.Ranges = int64(len(set.list)), true
}

package setcmd

import (
	"bytes"
	"context"
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// set is the members of a set, in order.
type set [][]byte

func (s set) has(member []byte) bool {
	_, found := slices.BinarySearchFunc(s, member, bytes.Compare)
	return found
}

// intersection returns the members that all sets have, but no more than most.
func intersection(sets []set, most int64) (both set) {
	smallest := slices.MinFunc(sets, func(a, b set) int { return len(a) - len(b) })
	for _, member := range smallest {
		if int64(len(both)) >= most {
			break
		}
		if !slices.ContainsFunc(sets, func(s set) bool { return !s.has(member) }) {
			both = append(both, member)
		}
	}
	return both
}

// union returns the members that any of the sets has.
func union(sets []set) set {
	all := slices.Concat(sets...)
	slices.SortFunc(all, bytes.Compare)
	return slices.CompactFunc(all, bytes.Equal)
}

// difference returns the members of the first set that no other has.
func difference(sets []set) (left set) {
	for _, member := range sets[0] {
		if !slices.ContainsFunc(sets[1:], func(s set) bool { return s.has(member) }) {
			left = append(left, member)
		}
	}
	return left
}

// all intersects sets.
func all(sets []set) set { return intersection(sets, 1<<62) }

// read returns the sets of some keys. If it cannot, it answers with the reason.
func read(ctx context.Context, c *command.Call, keys [][]byte) (sets []set, ok bool) {
	size := int64(0)
	sum := c.InPieces(ctx, append([][]byte{nil}, keys...), command.PlanReads, func(sum *command.Sum, piece *command.Call) {
		for _, r := range piece.Requests {
			v, err := piece.ViewOf(r, object.Member)
			if err != nil {
				sum.Refusal = command.ErrorText(err)
				return
			}
			members := make(set, 0, len(v))
			for _, e := range v {
				members = append(members, bytes.Clone(e.Name)) // the request is about to be used again
				size += int64(len(e.Name))
			}
			if sets = append(sets, members); size > c.Node.Limits.Output.Load() {
				sum.Refusal = command.TextReplyTooBig
				return
			}
		}
	})
	if sum.Refusal != "" {
		c.Out.Error(sum.Refusal)
		return nil, false
	}
	return sets, true
}

// runCombine returns a Run that answers with what combine makes of the sets.
func runCombine(combine func([]set) set) func(context.Context, *command.Call) {
	return func(ctx context.Context, c *command.Call) {
		sets, ok := read(ctx, c, c.Args[1:])
		if !ok {
			return
		}
		members := combine(sets)
		c.Out.Set(len(members))
		for _, member := range members {
			c.Out.Value(member)
		}
	}
}

// runStore returns a Run that writes what combine makes of the sets to the first key.
func runStore(combine func([]set) set) func(context.Context, *command.Call) {
	return func(ctx context.Context, c *command.Call) {
		sets, ok := read(ctx, c, c.Args[2:])
		if !ok {
			return
		}
		r := c.ChangeNow(ctx, c.Args[1], collection.Command{Op: collection.SetStore, Args: combine(sets)})
		if a, ok := c.Changed(r, nil); ok {
			c.Out.Int(a.Number)
		}
	}
}

// runIntersectionCount serves SINTERCARD numkeys key [key …] [LIMIT limit].
func runIntersectionCount(ctx context.Context, c *command.Call) {
	keys, rest, refusal := command.CountedKeysOf(c.Args[1:])
	if refusal != "" {
		c.Out.Error(refusal)
		return
	}
	most := int64(0)
	for ; len(rest) > 0; rest = rest[2:] {
		if len(rest) < 2 || !resp.Is(rest[0], "LIMIT") {
			c.Out.Error(command.TextSyntax)
			return
		}
		var ok bool
		if most, ok = number.ParseInt(rest[1]); !ok || most < 0 {
			c.Out.Error("ERR LIMIT can't be negative")
			return
		}
	}
	if most == 0 {
		most = 1 << 62
	}
	if sets, ok := read(ctx, c, keys); ok {
		c.Out.Int(int64(len(intersection(sets, most))))
	}
}

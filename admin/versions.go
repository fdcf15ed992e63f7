package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/replica"
)

func (h *dataHandlers) getVersions(ctx context.Context, c *call) (any, error) {
	key := c.key()
	history := c.node.History(ctx, key)
	read := &replica.Request{Key: key}
	c.node.Coordinator.Do(ctx, []*replica.Request{read})
	names := newActors(c.node.Ring())
	names.see(read.Object.Clock)
	for i := range history.Versions {
		v := &history.Versions[i]
		names.see(v.Past.Vector)
		names.seeDot(v.Dot)
	}
	out := api.Versions{Key: keyOf(key), Versions: []api.Version{}, Complete: message.Remembered(read.Object.Clock, history.Versions), Missing: []string{}}
	for i := range history.Versions {
		v := versionOf(i, history.Versions, names)
		v.Current = isCurrent(&read.Object, history.Versions[i].Dot)
		out.Versions = append(out.Versions, v)
	}
	for _, id := range history.Missing {
		out.Missing = append(out.Missing, names.ring.Name(id))
	}
	return out, nil
}

func versionOf(at int, all []message.Version, names *actors) api.Version {
	v := &all[at]
	event := names.event(v.Dot)
	clock := causal.Join(v.Past.Vector, causal.Vector{{Actor: v.Dot.Actor, Counter: v.Dot.Counter, Time: v.Time}})
	out := api.Version{
		ID: versionID(event), Actor: event.Actor, Counter: event.Counter, Node: names.ring.Name(v.Dot.Actor.Node),
		Clock: names.clock(clock), Parents: []string{},
		Truncated: v.Length > len(v.Data), Bytes: v.Length, Tombstone: v.Tombstone, TimestampMillis: v.Time.UnixMilli(),
	}
	out.ClockText = out.Clock.String()
	data := v.Data
	if out.Truncated && len(data) > 0 {
		data = cut(data, len(data)-1)
	}
	out.Value, out.Encoding = encodeText(data)
	if v.Expiry != 0 {
		out.ExpiresAtMillis = &v.Expiry
	}
	for _, parent := range message.Parents(v, all) {
		out.Parents = append(out.Parents, versionID(names.event(all[parent].Dot)))
	}
	return out
}

func versionID(e api.Dot) string { return fmt.Sprintf("%s:%d", e.Actor, e.Counter) }

// isCurrent reports whether a value or an element of an event is in an object.
func isCurrent(o *object.Object, d causal.Dot) bool {
	return slices.ContainsFunc(o.Siblings, func(s object.Sibling) bool { return s.Dot == d }) ||
		slices.ContainsFunc(o.Elements, func(e object.Element) bool { return e.Dot == d })
}

package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/replica"
)

// Versions is what GET /api/versions/{key} answers: how a key's value came about.
type Versions struct {
	Key
	Versions []Version `json:"versions"` // the oldest first
	Complete bool      `json:"complete"` // nobody who answered has forgotten any
	Missing  []string  `json:"missing"`
}

// Version is one event on a key.
type Version struct {
	ID              string   `json:"id"` // actor:counter
	Actor           string   `json:"actor"`
	Counter         uint64   `json:"counter"`
	Node            string   `json:"node"`  // coordinated it
	Clock           Clock    `json:"clock"` // all that it knows: what its writer had seen, and itself
	ClockText       string   `json:"clock_text"`
	Parents         []string `json:"parents"` // ids of the versions that it followed directly
	Value           string   `json:"value"`
	Encoding        string   `json:"encoding"`
	Truncated       bool     `json:"truncated"`
	Bytes           int      `json:"bytes"`
	Tombstone       bool     `json:"tombstone"`
	TimestampMillis int64    `json:"timestamp_ms"`
	ExpiresAtMillis *int64   `json:"expires_at_ms"`
	Current         bool     `json:"current"` // a read finds it now
}

func (s *Server) getVersions(ctx context.Context, c *call) (any, error) {
	key := c.key()
	history := c.node.History(ctx, key)
	read := &replica.Request{Key: key}
	c.node.Do(ctx, []*replica.Request{read})
	names := newActors(c.node.Ring())
	names.see(read.Object.Clock)
	for i := range history.Versions {
		v := &history.Versions[i]
		names.see(v.Past)
		names.seeDot(v.Dot)
	}
	out := Versions{Key: keyOf(key), Versions: []Version{}, Complete: history.Complete, Missing: []string{}}
	for i := range history.Versions {
		v := versionOf(i, history.Versions, names)
		v.Current = slices.ContainsFunc(read.Object.Siblings, func(s object.Sibling) bool { return s.Dot == history.Versions[i].Dot })
		out.Versions = append(out.Versions, v)
	}
	for _, id := range history.Missing {
		out.Missing = append(out.Missing, names.ring.Name(id))
	}
	return out, nil
}

func versionOf(at int, all []replica.Version, names *actors) Version {
	v := &all[at]
	event := names.event(v.Dot)
	clock := causal.Join(v.Past, causal.Vector{{Actor: v.Dot.Actor, Counter: v.Dot.Counter, Time: v.Time}})
	out := Version{
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
	for _, parent := range replica.Parents(v, all) {
		out.Parents = append(out.Parents, versionID(names.event(all[parent].Dot)))
	}
	return out
}

func versionID(e Event) string { return fmt.Sprintf("%s:%d", e.Actor, e.Counter) }

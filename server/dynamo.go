package server

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
)

// DYNAMO: how the cluster did what it did, told in a terminal.

// planTrace serves DYNAMO TRACE GET|SET|DEL …: the command, with its options,
// and behind its reply the way that the request went. It is counted as that
// command.
func planTrace(s *session, e *entry) {
	c := s.server.table.find(e.args[2])
	if c == nil || c.name != "get" && c.name != "set" && c.name != "del" {
		s.refuse(e, "ERR DYNAMO TRACE takes GET, SET or DEL")
		return
	}
	args := e.args[2:]
	if !c.fits(len(args)) || c.name == "del" && len(args) > 2 && !withContext(args) {
		s.refuse(e, wrongArity(c))
		return
	}
	e.command, e.args = c, args
	c.plan(s, e)
	if e.refusal != "" {
		return
	}
	trace := new(replica.Trace)
	e.slots[0].Trace = trace
	answer := e.reply
	e.reply = func(s *session, e *entry) {
		s.out.Array(2)
		answer(s, e)
		s.traceLines(trace)
	}
}

// traceLines writes a trace as a table whose columns stand under each other.
func (s *session) traceLines(t *replica.Trace) {
	now := s.server.store.Ring()
	s.out.Array(len(t.Steps) + 3)
	s.out.Text(fmt.Sprintf("partition %d: %s", t.Partition, walkText(now, t.Walk, t.N)))
	s.out.Text(fmt.Sprintf("%s took the request, %s coordinated it", now.Name(t.Node), now.Name(t.Coordinator)))
	for i := range t.Steps {
		s.out.Text(stepText(now, &t.Steps[i]))
	}
	s.out.Text(fmt.Sprintf("%9s  %d of %d needed answers, %d %s now%s", millis(t.Took), t.Got, t.Need,
		t.Siblings, plural(t.Siblings, "value"), repairText(now, t.Repaired)))
}

func stepText(now *ring.Ring, step *replica.Step) string {
	took := "no answer"
	if step.Took >= 0 {
		took = "took " + millis(step.Took)
	}
	text := fmt.Sprintf("%9s  %-8s %-11s %-7s %-6s %s", millis(step.At), now.Name(step.Node), step.Role, step.Action, step.Outcome, took)
	if step.For != 0 {
		text += ", kept for " + now.Name(step.For)
	}
	if step.Clock != nil {
		text += "  " + step.Clock.Format(now.Name)
	}
	if step.Error != "" {
		text += "  " + step.Error
	}
	return text
}

func walkText(now *ring.Ring, walk []ring.NodeID, primaries int) string {
	text := "primaries"
	for i, id := range walk {
		if i == primaries {
			text += "; fallbacks"
		}
		text += " " + now.Name(id)
	}
	return text
}

func repairText(now *ring.Ring, repaired []ring.NodeID) string {
	if len(repaired) == 0 {
		return ""
	}
	text := "; brought up to date:"
	for _, id := range repaired {
		text += " " + now.Name(id)
	}
	return text
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d)/float64(time.Millisecond))
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// runPreflist serves DYNAMO PREFLIST key: where the key lives.
func runPreflist(_ context.Context, s *session, _ *command, args [][]byte) {
	key, now := args[2], s.server.store.Ring()
	p := now.PartitionOf(key)
	walk, primaries := now.Walk(p), len(now.Primaries(p))
	s.out.Map(3)
	s.out.Text("slot")
	s.out.Int(int64(ring.SlotOf(key)))
	s.out.Text("partition")
	s.out.Int(int64(p))
	s.out.Text("preference list")
	s.out.Array(len(walk))
	for i, id := range walk {
		m, _ := now.Member(id)
		role, state := replica.RolePrimary, "up"
		if i >= primaries {
			role = replica.RoleFallback
		}
		if !s.server.store.Alive(id) {
			state = "down"
		}
		s.out.Text(fmt.Sprintf("%s %s %s %s", m.Name, role, state, m.ClientAddr))
	}
}

// runVersions serves DYNAMO VERSIONS key: how its value came about, the oldest
// version first, as far as the nodes that answer remember.
func runVersions(ctx context.Context, s *session, _ *command, args [][]byte) {
	h := s.server.store.History(ctx, args[2])
	now := s.server.store.Ring()
	s.out.Array(len(h.Versions))
	for i := range h.Versions {
		v := &h.Versions[i]
		s.out.Map(5)
		s.out.Text("version")
		s.out.Text(dotText(now, v.Dot))
		s.out.Text("time")
		s.out.Text(time.UnixMilli(v.Time.UnixMilli()).UTC().Format("2006-01-02T15:04:05.000Z"))
		s.out.Text("had seen")
		s.out.Text(v.Past.Format(now.Name))
		s.out.Text("follows")
		parents := replica.Parents(v, h.Versions)
		s.out.Array(len(parents))
		for _, at := range parents {
			s.out.Text(dotText(now, h.Versions[at].Dot))
		}
		s.out.Text("value")
		if v.Tombstone {
			s.out.Null()
		} else {
			s.out.Bulk(v.Data)
		}
	}
}

func dotText(now *ring.Ring, d causal.Dot) string {
	return fmt.Sprintf("(%s, %d)", now.Name(d.Actor.Node), d.Counter)
}

package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/operation"
)

// operationHandlers lists and cancels operations.
type operationHandlers struct{ *backend }

func (h *operationHandlers) getOperations(ctx context.Context, c *call) (any, error) {
	own := operationsOf(c.node)
	if c.local() {
		return own, nil
	}
	here := snapshotOf(c.node)
	all, missing := fanout.All[api.Operations](ctx, h.ports, here.Others(), fanout.Get("/api/operations?local=1"))
	all[here.Self] = own
	out := api.Operations{Operations: []api.Operation{}, Nodes: []api.Repair{}, Missing: missing}
	for _, m := range here.Ring.Members() {
		if of, ok := all[m.Name]; ok {
			out.Operations = append(out.Operations, of.Operations...)
			out.Nodes = append(out.Nodes, of.Nodes...)
		}
	}
	slices.SortStableFunc(out.Operations, func(a, b api.Operation) int { return cmp.Compare(b.StartedMillis, a.StartedMillis) })
	return out, nil
}

// operationsOf returns what one node knows by itself.
func operationsOf(node Node) api.Operations {
	out := api.Operations{Operations: []api.Operation{}, Nodes: []api.Repair{repairOf(node)}, Missing: []string{}}
	for _, status := range node.Operations().List() {
		out.Operations = append(out.Operations, operationOf(node.Name(), status))
	}
	return out
}

func operationOf(node string, s operation.Status) api.Operation {
	return api.Operation{
		ID: fmt.Sprintf("%s-%d", node, s.ID), Node: node, Kind: string(s.Kind), Subject: s.Subject, State: string(s.State),
		StartedMillis: millisOf(s.Started), EndedMillis: millisOf(s.Ended),
		Partitions: api.Amount(s.Partitions), Keys: api.Amount(s.Keys), Bytes: api.Amount(s.Bytes),
		BytesPerSecond: s.BytesPerSecond, LeftMillis: s.Left.Milliseconds(), Error: textOf(s.Err),
	}
}

func repairOf(node Node) api.Repair {
	r, view, figures := node.Repair.Status(), node.Ring(), node.Figures()
	out := api.Repair{
		Node:  node.Name(),
		Hints: api.Hints{Delivered: r.Hints.Delivered, Expired: node.Store.Metrics().HintsExpired, Failures: r.Hints.Failures, Targets: []api.HintTarget{}},
		Transfers: api.Transfers{
			Gaining: r.Transfers.Gaining, Copied: r.Transfers.Copied, Releasing: r.Transfers.Releasing,
			Keys: r.Transfers.Keys, Bytes: r.Transfers.Bytes,
			SinceMillis: millisOf(r.Transfers.Since), Error: textOf(r.Transfers.LastError),
		},
		Pairs: api.Pairs{
			Pairs: r.Pairs.Pairs, Equal: r.Pairs.Equal, Failing: r.Pairs.Failing, KeysExchanged: r.Pairs.Healed,
			OldestMillis: millisOf(r.Pairs.Oldest), Failures: []api.PairFailure{}, PausedMillis: millisOf(r.Paused),
		},
		Reaping: api.Reaping{Reaped: r.Reaping.Reaped, Pending: r.Reaping.Pending, InTransition: r.Reaping.InTransition,
			TransitionSinceMillis: millisOf(r.Reaping.TransitionSince), Blocking: []api.Blocker{}},
	}
	for id, h := range figures.Hints {
		out.Hints.Targets = append(out.Hints.Targets, api.HintTarget{Node: view.Name(id), Count: h.Count, Bytes: h.Bytes, OldestMillis: millisOf(h.Oldest)})
	}
	slices.SortFunc(out.Hints.Targets, func(a, b api.HintTarget) int { return cmp.Compare(a.Node, b.Node) })
	for _, p := range r.Failing {
		out.Pairs.Failures = append(out.Pairs.Failures, api.PairFailure{
			Partition: int(p.Partition), Peer: view.Name(p.Peer), Failures: p.Failures, Error: textOf(p.Error),
			RetryMillis: millisOf(p.Retry), ComparedMillis: millisOf(p.Compared), KeysExchanged: p.Healed,
		})
	}
	for _, b := range r.Reaping.Blocking {
		out.Reaping.Blocking = append(out.Reaping.Blocking, api.Blocker{
			Node: view.Name(b.Node), SinceMillis: millisOf(b.Since), Reason: reasonOf(b), Keys: b.Differing,
		})
	}
	return out
}

// reasonOf says why tombstones wait for a member.
func reasonOf(b antientropy.Blocker) string {
	switch b.Kind() {
	case antientropy.BlockRefuses:
		return "refuses to compare them: " + b.Refusal.Error()
	case antientropy.BlockDiffers:
		return "does not hold the same copies as the others yet, or keeps hints for them"
	}
	return "does not answer"
}

// millisOf returns a time as unix milliseconds; 0 for the zero time.
func millisOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// deleteOperation cancels an operation of this node, or asks the port of the node that
// it belongs to. It waits for the operation's end, for a second at most.
func (h *operationHandlers) deleteOperation(ctx context.Context, c *call) (any, error) {
	name, number, err := splitOperation(c.text("operation"))
	if err != nil {
		return nil, err
	}
	if name != c.node.Name() {
		return h.deleteAtItsNode(ctx, c, name)
	}
	all := c.node.Operations()
	switch err := all.Cancel(number); {
	case errors.Is(err, operation.ErrUnknown):
		return nil, fmt.Errorf("%w: %s, on %s", operation.ErrUnknown, c.text("operation"), name)
	case err != nil && !errors.Is(err, operation.ErrEnded):
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, fanout.Timeout)
	defer cancel()
	status, err := all.Wait(ctx, number)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	return operationOf(name, status), nil
}

func (h *operationHandlers) deleteAtItsNode(ctx context.Context, c *call, name string) (any, error) {
	m, err := findMember(c.node.Ring(), name)
	if err != nil {
		return nil, err
	}
	if fanout.Proxied(c.Request) {
		return nil, fmt.Errorf("%w: operation %.80q is not of %s", operation.ErrUnknown, c.text("operation"), c.node.Name())
	}
	var answer api.Operation
	err = h.ports.To(m).Call(ctx, http.MethodDelete, "/api/operations/"+url.PathEscape(c.text("operation")), nil, &answer)
	return answer, err
}

// splitOperation splits an operation's id into the name of its node and its number
// there.
func splitOperation(id string) (node string, number operation.ID, err error) {
	at := strings.LastIndexByte(id, '-')
	if at < 0 {
		return "", 0, fmt.Errorf("%w: %.80q, want a node's name, a hyphen and a number", operation.ErrUnknown, id)
	}
	n, err := strconv.ParseUint(id[at+1:], 10, 64)
	if err != nil {
		return "", 0, fmt.Errorf("%w: %.80q, want a node's name, a hyphen and a number", operation.ErrUnknown, id)
	}
	return id[:at], operation.ID(n), nil
}

// workDescs describe the metrics of background work that have labels, or are times.
type workDescs struct{ running, blocked, oldest *prometheus.Desc }

func newWorkDescs() workDescs {
	return workDescs{
		running: desc("quorate_operations_running", "Operations under way, by kind: long work such as moving partitions.", "kind"),
		blocked: desc("quorate_reap_blocked_since_timestamp_seconds", "Since when tombstones wait for a member that does not answer (reason down), refuses, or differs from the others in some of them; or for data that moves (reason moving, without a node).", "node", "reason"),
		oldest:  desc("quorate_replica_pairs_oldest_timestamp_seconds", "The earliest of the times when each pair of replicas was last equal; 0 if one never was."),
	}
}

func (d *workDescs) collect(node Node, s *sample, out chan<- prometheus.Metric) {
	running := map[operation.Kind]int{operation.Gain: 0, operation.Release: 0, operation.Sync: 0, operation.Refill: 0, operation.Deliver: 0, operation.Rebuild: 0}
	for _, status := range node.Operations().List() {
		if status.State == operation.Running {
			running[status.Kind]++
		}
	}
	for kind, n := range running {
		put(out, d.running, gauge, float64(n), string(kind))
	}
	put(out, d.oldest, gauge, float64(millisOf(s.repair.Pairs.Oldest))/1000)
	if isReady(node) {
		view := node.Ring()
		for _, b := range s.repair.Reaping.Blocking {
			put(out, d.blocked, gauge, float64(millisOf(b.Since))/1000, view.Name(b.Node), string(b.Kind()))
		}
		if since := s.repair.Reaping.TransitionSince; !since.IsZero() {
			put(out, d.blocked, gauge, float64(millisOf(since))/1000, "", "moving")
		}
	}
}

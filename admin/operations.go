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

	"github.com/quorate/quorate/cluster/operation"
)

// Worker lists a node's long work.
type Worker interface {
	Operations() *operation.Registry
}

// Operations is what GET /api/operations answers.
type Operations struct {
	Operations []Operation `json:"operations"` // of all nodes that answered, the newest first
	Nodes      []Repair    `json:"nodes"`
	Missing    []string    `json:"missing"`
}

// Operation is one piece of long work of one node.
type Operation struct {
	ID             string  `json:"id"` // the node's name, "-", and a number
	Node           string  `json:"node"`
	Kind           string  `json:"kind"`    // gain, release, sync, refill
	Subject        string  `json:"subject"` // what it is about
	State          string  `json:"state"`   // running, done, failed, cancelled
	StartedMillis  int64   `json:"started_ms"`
	EndedMillis    int64   `json:"ended_ms"` // 0: it runs
	Partitions     Amount  `json:"partitions"`
	Keys           Amount  `json:"keys"`
	Bytes          Amount  `json:"bytes"`
	BytesPerSecond float64 `json:"bytes_per_second"` // lately; of one that has ended, on average
	Error          string  `json:"error,omitempty"`  // while it runs: why the last attempt failed
}

// Amount says how much of something is done. Total is 0 where it is not known.
type Amount struct {
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Repair says how the work goes on one node that makes copies equal, and brings
// them where they belong.
type Repair struct {
	Node      string    `json:"node"`
	Hints     Hints     `json:"hints"`
	Transfers Transfers `json:"transfers"`
	Pairs     Pairs     `json:"pairs"`
	Reaping   Reaping   `json:"reaping"`
}

// Hints counts what became of the hints kept on a node since it started.
type Hints struct {
	Delivered int64 `json:"delivered"`
	Expired   int64 `json:"expired"`
	Failures  int64 `json:"failures"` // deliveries that stopped early, to be tried again
}

// Transfers says how far moving partitions has come.
type Transfers struct {
	Gaining   int    `json:"gaining"`         // partitions that the node gains
	Copied    int    `json:"copied"`          // of these, that are there already
	Releasing int    `json:"releasing"`       // partitions that are there and belong elsewhere
	Keys      int64  `json:"keys"`            // moved since the node started
	Bytes     int64  `json:"bytes"`           // moved since the node started
	Error     string `json:"error,omitempty"` // what holds it up
}

// Pairs counts pairs of replicas: the node's copy of a partition and a peer's.
type Pairs struct {
	Pairs        int   `json:"pairs"`
	Equal        int   `json:"equal"`     // at the last comparison
	Failing      int   `json:"failing"`   // whose last exchange failed
	OldestMillis int64 `json:"oldest_ms"` // the earliest of the times when each was last equal; 0: one never was
}

// Reaping says how the removal of tombstones goes that the node asks the others
// about.
type Reaping struct {
	Reaped       int64     `json:"reaped"`
	Pending      int       `json:"pending"`       // agreed on once, to be asked about again
	InTransition bool      `json:"in_transition"` // nothing is reaped because data moves
	Blocking     []Blocker `json:"blocking"`      // nothing is reaped because these do not answer
}

// Blocker is a member that does not answer.
type Blocker struct {
	Node        string `json:"node"`
	SinceMillis int64  `json:"since_ms"`
}

func (s *Server) getOperations(ctx context.Context, c *call) (any, error) {
	own := operationsOf(c.node)
	if c.local() {
		return own, nil
	}
	here := &standing{self: c.node.Name(), ring: c.node.Ring()}
	ctx, cancel := context.WithTimeout(ctx, fanoutTimeout)
	defer cancel()
	all, missing := askAll[Operations](ctx, s.ports, here.others(), http.MethodGet, same("/api/operations?local=1"), nil)
	all[here.self] = own
	out := Operations{Operations: []Operation{}, Nodes: []Repair{}, Missing: missing}
	for _, m := range here.ring.Members() {
		if of, ok := all[m.Name]; ok {
			out.Operations = append(out.Operations, of.Operations...)
			out.Nodes = append(out.Nodes, of.Nodes...)
		}
	}
	slices.SortStableFunc(out.Operations, func(a, b Operation) int { return cmp.Compare(b.StartedMillis, a.StartedMillis) })
	return out, nil
}

// operationsOf is what one node knows by itself.
func operationsOf(node Node) Operations {
	out := Operations{Operations: []Operation{}, Nodes: []Repair{repairOf(node)}, Missing: []string{}}
	for _, status := range node.Operations().List() {
		out.Operations = append(out.Operations, operationOf(node.Name(), status))
	}
	return out
}

func operationOf(node string, s operation.Status) Operation {
	return Operation{
		ID: fmt.Sprintf("%s-%d", node, s.ID), Node: node, Kind: string(s.Kind), Subject: s.Subject, State: string(s.State),
		StartedMillis: millisOf(s.Started), EndedMillis: millisOf(s.Ended),
		Partitions: Amount(s.Partitions), Keys: Amount(s.Keys), Bytes: Amount(s.Bytes),
		BytesPerSecond: s.BytesPerSecond, Error: textOf(s.Err),
	}
}

func repairOf(node Node) Repair {
	r, now := node.Repair(), node.Ring()
	out := Repair{
		Node:  node.Name(),
		Hints: Hints{Delivered: r.Hints.Delivered, Expired: node.StoreMetrics().HintsExpired, Failures: r.Hints.Failures},
		Transfers: Transfers{
			Gaining: r.Transfers.Gaining, Copied: r.Transfers.Copied, Releasing: r.Transfers.Releasing,
			Keys: r.Transfers.Keys, Bytes: r.Transfers.Bytes, Error: textOf(r.Transfers.LastError),
		},
		Pairs:   Pairs{Pairs: r.Pairs.Pairs, Equal: r.Pairs.Equal, Failing: r.Pairs.Failing, OldestMillis: millisOf(r.Pairs.Oldest)},
		Reaping: Reaping{Reaped: r.Reaping.Reaped, Pending: r.Reaping.Pending, InTransition: r.Reaping.InTransition, Blocking: []Blocker{}},
	}
	for _, b := range r.Reaping.Blocking {
		out.Reaping.Blocking = append(out.Reaping.Blocking, Blocker{Node: now.Name(b.Node), SinceMillis: millisOf(b.Since)})
	}
	return out
}

// millisOf is a time as unix milliseconds; 0 for none.
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

// deleteOperation cancels an operation of this node, or has the node that it
// belongs to cancel it. It waits a moment for the operation's end.
func (s *Server) deleteOperation(ctx context.Context, c *call) (any, error) {
	name, number, err := splitOperation(c.text("operation"))
	if err != nil {
		return nil, err
	}
	if name != c.node.Name() {
		return s.deleteElsewhere(ctx, c, name)
	}
	all := c.node.Operations()
	if err := all.Cancel(number); err != nil && !errors.Is(err, operation.ErrEnded) {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, fanoutTimeout)
	defer cancel()
	status, err := all.Wait(ctx, number)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	return operationOf(name, status), nil
}

func (s *Server) deleteElsewhere(ctx context.Context, c *call, name string) (any, error) {
	m, err := findMember(c.node.Ring(), name)
	if err != nil {
		return nil, err
	}
	if c.passedOn() {
		return nil, fmt.Errorf("%w: operation %.80q is not of %s", operation.ErrUnknown, c.text("operation"), c.node.Name())
	}
	var answer Operation
	err = s.ports.ask(ctx, http.MethodDelete, m.AdminAddr, "/api/operations/"+url.PathEscape(c.text("operation")), nil, &answer)
	return answer, err
}

// splitOperation takes an operation's id apart: the name of its node, and its
// number there.
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

// workDescs are the figures of background work that have labels, or are times.
type workDescs struct{ running, blocked, oldest *prometheus.Desc }

func newWorkDescs() workDescs {
	return workDescs{
		running: desc("quorate_operations_running", "Operations under way, by kind: long work such as moving partitions.", "kind"),
		blocked: desc("quorate_reap_blocked_since_timestamp_seconds", "Since when a member does not answer, so that no tombstone is removed.", "node"),
		oldest:  desc("quorate_replica_pairs_oldest_timestamp_seconds", "The earliest of the times when each pair of replicas was last equal; 0 if one never was."),
	}
}

func (d *workDescs) collect(node Node, s *sample, out chan<- prometheus.Metric) {
	running := map[operation.Kind]int{operation.Gain: 0, operation.Release: 0, operation.Sync: 0, operation.Refill: 0}
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
		now := node.Ring()
		for _, b := range s.repair.Reaping.Blocking {
			put(out, d.blocked, gauge, float64(millisOf(b.Since))/1000, now.Name(b.Node))
		}
	}
}

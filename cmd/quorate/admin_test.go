package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/admin/api"
)

func TestAdmin_Status_ShowsAReadOnlyNodeAndCappedQuorums(t *testing.T) {
	var out strings.Builder
	err := printCluster(&out, api.Cluster{N: 9, R: 4, W: 2, Effective: api.Quorums{N: 2, R: 2, W: 2}, Self: "A", Nodes: []api.Member{
		{Name: "A", Status: "up", Alive: true}, {Name: "B", Status: "up", Alive: true, ReadOnly: "store is read-only: disk full"},
	}})
	const want = `n=9 r=4 w=2 partitions=0 ring=0 seen by A
in force until there are 9 nodes: n=2 r=2 w=2
NODE  STATUS         TOKENS  KEYS  BYTES  HINTS
A     up             0       ?     ?      ?
B     up, read-only  0       ?     ?      ?
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestAdmin_Operations_ShowProgressAndWhatDelaysIt(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	var out strings.Builder
	err := printOperations(&out, api.Operations{
		Operations: []api.Operation{
			{ID: "B-2", Kind: "gain", Subject: "a transfer", State: "running", StartedMillis: 940_000,
				Partitions: api.Amount{Done: 3, Total: 64}, Keys: api.Amount{Done: 12}, Bytes: api.Amount{Done: 2048}, BytesPerSecond: 34.1, Error: "C does not answer"},
		},
		Nodes: []api.Repair{{
			Node: "A", Transfers: api.Transfers{Gaining: 4, Copied: 1, Error: "no owner answers"},
			Reaping: api.Reaping{Blocking: []api.Blocker{{Node: "C"}, {Node: "D", Reason: "lacks them", SinceMillis: 400_000, Keys: 7}}},
			Pairs:   api.Pairs{Failures: []api.PairFailure{{Partition: 7, Peer: "C", Error: "timeout"}}},
		}},
		Missing: []string{"C", "D"},
	}, now)
	const want = `B-2
  kind        gain
  subject     a transfer
  state       running
  done        [--------------------] 4 %
  partitions  3 of 64
  keys        12
  bytes       2.0 KiB
  rate        34 B/s
  started     1m0s ago
B-2: C does not answer
A: transfer of 3 partitions: no owner answers
A: tombstones wait for C, which does not answer
A: 7 tombstones wait for D, which lacks them, for 10m0s
A: comparison of partition 7 with C: timeout
no answer from C, D
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := printOperations(&out, api.Operations{}, now); err != nil || out.String() != "no operations\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}

func TestAdmin_Status_ShowsAVacantPlaceAndANodeThatIsBeingFilled(t *testing.T) {
	var out strings.Builder
	err := printCluster(&out, api.Cluster{N: 3, R: 2, W: 2, Effective: api.Quorums{N: 3, R: 2, W: 2}, Self: "A", Nodes: []api.Member{
		{Name: "A", Status: "up", Alive: true, PeerAddr: "a:1"}, {Name: "B", Status: "up", Alive: true, PeerAddr: "b:1", Refilling: "its disk was lost"},
		{Name: "C", Status: "down", PeerAddr: "c:1", Vacant: true},
	}})
	const want = `n=3 r=2 w=2 partitions=0 ring=0 seen by A
NODE  STATUS            TOKENS  KEYS  BYTES  HINTS
A     up                0       ?     ?      ?
B     up, being filled  0       ?     ?      ?
C     down, vacant      0       ?     ?      ?
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestAdmin_Status_SaysWhatIsWrongInLinesOfTheTerminal(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	var out strings.Builder
	err := printProblems(&out, api.Problems{Problems: []api.Problem{
		{Level: "error", Node: "B", SinceMillis: 880_000, What: "B refuses writes: disk full",
			Means: "It answers reads only. Others stand in for its writes and keep hints for it, which cannot be delivered.", Do: "Free space on its disk."},
		{Level: "warn", What: "nodes run different versions", Means: "That is meant to pass.", Do: "Go on."},
	}}, now)
	const want = `error B refuses writes: disk full, for 2m0s
      It answers reads only. Others stand in for its writes and keep hints for
      it, which cannot be delivered.
      Free space on its disk.
warn nodes run different versions
      That is meant to pass.
      Go on.
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := printProblems(&out, api.Problems{}, now); err != nil || out.String() != "no problems\n" {
		t.Errorf("%q", out.String())
	}
}

// TestAdmin_Status_ExitCode_SaysWhetherSomethingIsWrong: a port of an older version, which
// knows no problems, is answered with 0.
func TestAdmin_Status_ExitCode_SaysWhetherSomethingIsWrong(t *testing.T) {
	for _, test := range []struct {
		what, problems string
		status, code   int
		out, err       string
	}{
		{"nothing", `{"problems": []}`, http.StatusOK, 0, "no problems\n", ""},
		{"something", `{"problems": [{"kind": "clock", "level": "error", "what": "the clock of A is wrong"}]}`, http.StatusOK, 1, "error the clock of A is wrong\n", "quorate: something is wrong in the cluster: 1 problem\n"},
		{"an older version", `{"error": "no such page"}`, http.StatusNotFound, 0, "seen by A\n", ""},
		{"a fault", `{"error": "busy"}`, http.StatusServiceUnavailable, 1, "", "quorate: busy\n"},
	} {
		port := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/api/cluster":
				_, _ = io.WriteString(w, `{"self": "A"}`)
			case "/api/problems":
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.problems)
			default:
				_, _ = io.WriteString(w, `{}`)
			}
		}))
		var out, stderr strings.Builder
		code := run(t.Context(), []string{"admin", "--admin-addr", port.URL, "status"}, console{out: &out, err: &stderr})
		port.Close()
		if code != test.code || !strings.Contains(out.String(), test.out) || stderr.String() != test.err {
			t.Errorf("%s: exit code %d\n%s%s", test.what, code, out.String(), stderr.String())
		}
	}
}

// TestAdmin_ReplaceAndWait_FollowsTheFreshNode plays the views of the cluster one after
// the other, with one that fails among them.
func TestAdmin_ReplaceAndWait_FollowsTheFreshNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		uptime := 1.0
		views := []api.Member{
			{Name: "C", Status: "down", Vacant: true}, {Name: "C", Status: "up"},
			{Name: "C", Status: "up", UptimeS: &uptime, Refilling: "its disk was lost"}, {}, {Name: "C", Status: "up", UptimeS: &uptime, Refilling: "its disk was lost"},
			{Name: "C", Status: "up", UptimeS: &uptime},
		}
		look := func() (v api.Cluster, err error) {
			next := views[0]
			if views = views[1:]; next.Name == "" {
				return v, api.ErrUnreachable
			}
			return api.Cluster{Nodes: []api.Member{{Name: "A"}, next}}, nil
		}
		var out strings.Builder
		err := awaitFilled(t.Context(), &progress{out: &out}, played(look), arrival{name: "C", replaces: true})
		const want = "3 of 6 partitions, 0 keys, 0 B, 0 B/s\nC has taken its place; the others fill it now\nC has its share of the data\n"
		if err != nil || out.String() != want || len(views) > 0 {
			t.Errorf("%v\n%s, %d views left", err, out.String(), len(views))
		}
		gone := played(func() (api.Cluster, error) { return api.Cluster{}, nil })
		if err := awaitFilled(t.Context(), &progress{out: &out}, gone, arrival{name: "C", replaces: true}); err == nil {
			t.Error("the place was removed, and the wait succeeds")
		}
	})
}

// played is a cluster whose views are played. A node of it copies partitions all the time.
type played func() (api.Cluster, error)

func (p played) Cluster(context.Context) (api.Cluster, error) { return p() }

func (played) Operations(context.Context) (api.Operations, error) {
	return api.Operations{Operations: []api.Operation{{Kind: "gain", State: "running", Partitions: api.Amount{Done: 3, Total: 6}}}}, nil
}

// TestAdmin_JoinAndWait_FollowsTheNode plays the views of the cluster, on a terminal, until the
// node has its data.
func TestAdmin_JoinAndWait_FollowsTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		uptime := 1.0
		up := []api.Member{{Name: "D", Status: "up", UptimeS: &uptime}}
		views := []api.Cluster{
			{}, {Nodes: []api.Member{{Name: "D", Status: "joining", UptimeS: &uptime}}, Pending: []string{"D"}},
			{Nodes: up, Pending: []string{"D"}}, {Nodes: []api.Member{{Name: "D", Status: "up"}}}, {Nodes: up},
		}
		var out strings.Builder
		err := awaitFilled(t.Context(), &progress{out: colourWriter{&out}}, played(func() (api.Cluster, error) {
			next := views[0]
			views = views[1:]
			return next, nil
		}), arrival{name: "D"})
		got := out.String()
		if err != nil || len(views) > 0 || !strings.HasPrefix(got, "D joins; ") || !strings.Contains(got, "3 of 6 partitions") || !strings.HasSuffix(got, "\rD has its share of the data\n") {
			t.Errorf("%v, %d views left\n%q", err, len(views), got)
		}
		for what, view := range map[string]api.Cluster{"never a member": {}, "a member no more": {Nodes: []api.Member{{Name: "D", Status: "joining"}}}} {
			looks := 0
			err := awaitFilled(t.Context(), &progress{out: io.Discard}, played(func() (api.Cluster, error) {
				if looks++; looks > 1 {
					return api.Cluster{}, nil
				}
				return view, nil
			}), arrival{name: "D"})
			if err == nil {
				t.Errorf("%s, and the wait succeeds", what)
			}
		}
	})
}

// TestAdmin_Wait_EndsWhileItLooks_IsNotTakenForAnAnswer: a port that was not asked to the end is
// not one that does not answer, as that of a node that has left.
func TestAdmin_Wait_EndsWhileItLooks_IsNotTakenForAnAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := (&progress{out: io.Discard}).await(ctx, played(func() (api.Cluster, error) {
		cancel()
		return api.Cluster{}, api.ErrUnreachable
	}), func(api.Cluster, error) (string, error) { return "it has left\n", nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the wait ends with %v", err)
	}
}

// TestAdmin_Status_SaysWhatTombstonesWaitFor: the nodes that wait for one member are told
// in one line, with the earliest time.
func TestAdmin_Status_SaysWhatTombstonesWaitFor(t *testing.T) {
	now := time.UnixMilli(10_000_000)
	down := func(since int64) api.Blocker {
		return api.Blocker{Node: "C", SinceMillis: since, Reason: "does not answer"}
	}
	got := strings.Join(reapingDelays([]api.Repair{
		{Node: "A", Reaping: api.Reaping{InTransition: true, TransitionSinceMillis: 9_995_000, Blocking: []api.Blocker{down(9_000_000)}}},
		{Node: "B", Reaping: api.Reaping{InTransition: true, TransitionSinceMillis: 9_990_000, Blocking: []api.Blocker{down(8_000_000), {Node: "A", Keys: 2, Reason: "lacks some"}}}},
		{Node: "D", Reaping: api.Reaping{Blocking: []api.Blocker{{Node: "A", SinceMillis: 9_999_000, Keys: 3, Reason: "lacks some"}}}},
	}, now), "\n")
	const want = `tombstones wait until data has moved, for 10s
5 tombstones wait for A, which lacks some, for 1s
tombstones wait for C, which does not answer, for 33m20s`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if lines := reapingDelays([]api.Repair{{Node: "A"}}, now); len(lines) > 0 {
		t.Errorf("nothing waits, and yet: %q", lines)
	}
}

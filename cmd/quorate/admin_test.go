package main

import (
	"context"
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
NODE  STATUS         TOKENS  KEYS  BYTES  HINTS  CLIENT  PEER  ADMIN
A     up             0       ?     ?      ?                    
B     up, read-only  0       ?     ?      ?                    
B refuses writes: store is read-only: disk full
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
	const want = `ID   KIND  SUBJECT     STATE    PARTITIONS  KEYS  BYTES  BYTES/S  STARTED
B-2  gain  a transfer  running  3 of 64     12    2048   34       1m0s ago
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
NODE  STATUS            TOKENS  KEYS  BYTES  HINTS  CLIENT  PEER  ADMIN
A     up                0       ?     ?      ?              a:1   
B     up, being filled  0       ?     ?      ?              b:1   
C     down, vacant      0       ?     ?      ?              c:1   
B is being filled by the others, which answer for what it holds: its disk was lost
the place of C is vacant: start a node with --name C, an empty data directory and --join a:1,b:1
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestAdmin_Status_SaysWhenTooFewNodesAreUpForAQuorum(t *testing.T) {
	members := []api.Member{{Name: "A", Alive: true}, {Name: "B"}, {Name: "C"}}
	for _, test := range []struct {
		quorums api.Quorums
		up      int
		want    string
	}{
		{api.Quorums{N: 3, R: 2, W: 2}, 2, ""},
		{api.Quorums{N: 3, R: 2, W: 2}, 1, "no quorum: 1 of 3 nodes answer, too few for reads (r=2) and writes (w=2), which are answered -NOQUORUM\n"},
		{api.Quorums{N: 3, R: 1, W: 3}, 2, "no quorum: 2 of 3 nodes answer, too few for writes (w=3), which are answered -NOQUORUM\n"},
		{api.Quorums{N: 3, R: 1, W: 1}, 1, ""},
	} {
		for i := range members {
			members[i].Alive = i < test.up
		}
		var out strings.Builder
		if printTooFew(&out, api.Cluster{Effective: test.quorums, Nodes: members}); out.String() != test.want {
			t.Errorf("%+v with %d up: %q, want %q", test.quorums, test.up, out.String(), test.want)
		}
	}
}

func TestAdmin_Status_SaysWhoseClockIsWrongAndHowFar(t *testing.T) {
	var out strings.Builder
	err := printCluster(&out, api.Cluster{Nodes: []api.Member{
		{Name: "A", Status: "up", ClockOff: 120_400}, {Name: "B", Status: "up", ClockOff: -61_000},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"A     up, wrong clock ", "the clock of A is 2m0s ahead of the others', which do not follow its times: set it right",
		"the clock of B is 1m1s behind the others', whose times it does not follow: set it right",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
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
		look := func(context.Context) (v api.Cluster, err error) {
			next := views[0]
			if views = views[1:]; next.Name == "" {
				return v, api.ErrUnreachable
			}
			return api.Cluster{Nodes: []api.Member{{Name: "A"}, next}}, nil
		}
		var out strings.Builder
		err := awaitReplaced(t.Context(), &out, "C", look)
		const want = "C has taken its place; the others fill it now\nC has everything that it is to hold\n"
		if err != nil || out.String() != want || len(views) > 0 {
			t.Errorf("%v\n%s, %d views left", err, out.String(), len(views))
		}
		gone := func(context.Context) (api.Cluster, error) { return api.Cluster{}, nil }
		if err := awaitReplaced(t.Context(), &out, "C", gone); err == nil {
			t.Error("the place was removed, and the wait succeeds")
		}
	})
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

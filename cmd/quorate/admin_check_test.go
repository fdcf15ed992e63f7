package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// restful returns a cluster in which a node may be stopped.
func restful() restartView {
	none := int64(0)
	v := restartView{cluster: api.Cluster{Effective: api.Quorums{N: 3, R: 2, W: 2}}, merkle: api.Merkle{Pairs: []api.Pair{{A: "A", B: "B", Shared: 8, InSync: 8}}}}
	for _, name := range []string{"A", "B", "C"} {
		v.cluster.Nodes = append(v.cluster.Nodes, api.Member{Name: name, Status: "up", Hints: &none})
	}
	return v
}

func differing(partitions ...int) restartView {
	v := restful()
	v.merkle.Pairs[0].Diverged = partitions
	return v
}

func TestAdmin_Check_NamesEachReason(t *testing.T) {
	some := int64(2)
	for _, test := range []struct {
		what string
		make func(v *restartView)
		want []string
	}{
		{"nothing", func(*restartView) {}, nil},
		{"a node that joins", func(v *restartView) { v.cluster.Nodes[1].Status = "joining" }, []string{"B is joining"}},
		{"a node that is down", func(v *restartView) { v.cluster.Nodes[1].Status = "down" }, []string{"B is down"}},
		{"hints", func(v *restartView) { v.cluster.Nodes[0].Hints = &some }, []string{"2 hints on A to be delivered"}},
		{"hints that are not known", func(v *restartView) { v.cluster.Nodes[0].Hints = nil }, []string{"the hints on A are not known"}},
		{"a transition", func(v *restartView) { v.cluster.InTransition = true }, []string{"data moves to new owners"}},
		{"a problem", func(v *restartView) {
			v.problems.Problems = []api.Problem{{Kind: "version-mix", What: "an upgrade"}, {Kind: "slow-disk", What: "a disk is slow"}}
		}, []string{"a disk is slow"}},
		{"a tree that is built", func(v *restartView) { v.merkle.Pairs[0].Unknown = 1 }, []string{"whether A and B are equal is not known of 1 partition"}},
		{"copies that differ", func(v *restartView) { *v = differing(3, 4) }, []string{"copies still differ: 2 pairs, on A, B"}},
	} {
		v := restful()
		test.make(&v)
		if got := new(restartCheck).reasons(v); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.what, got, test.want)
		}
	}
}

// TestAdmin_Drain_ItsOwnDrainIsNoReason: that another node drains is one.
func TestAdmin_Drain_ItsOwnDrainIsNoReason(t *testing.T) {
	port := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]string{
			"/api/node/drain": `{"node": "A", "draining_since_ms": 5}`, "/api/cluster": `{"nodes": [{"name": "A", "status": "up", "hints": 0}]}`,
			"/api/problems": `{"problems": [{"kind": "node-drains", "node": "A", "what": "A drains"}]}`, "/api/merkle": `{}`,
		}[r.URL.Path]
		_, _ = io.WriteString(w, answer)
	}))
	defer port.Close()
	for command, want := range map[string]string{"drain": "safe to stop one node\n", "check": "A drains\n"} {
		var out strings.Builder
		code := run(t.Context(), []string{"admin", "--admin-addr", port.URL, command}, console{out: &out, err: io.Discard})
		if !strings.Contains(out.String(), want) || (code == 0) != (command == "drain") {
			t.Errorf("%s: exit code %d\n%s", command, code, out.String())
		}
	}
}

// TestAdmin_Check_CopiesUnderLoad_AreEqualAtOneOfSeveralLooks: what was equal once since
// everything else was in order lacks nothing of before.
func TestAdmin_Check_CopiesUnderLoad_AreEqualAtOneOfSeveralLooks(t *testing.T) {
	var check restartCheck
	hints := int64(1)
	disturbed := differing(5)
	disturbed.cluster.Nodes[0].Hints = &hints
	for i, step := range []struct {
		view restartView
		want string
	}{
		{differing(1, 2, 3), "copies still differ: 3 pairs"},
		{differing(2, 3, 9), "copies still differ: 2 pairs"}, // 9 was equal before
		{disturbed, "1 hint on A"},
		{differing(1, 2), "copies still differ: 2 pairs"}, // it begins anew
		{differing(1), "copies still differ: 1 pair,"},
		{differing(2), ""},
	} {
		if got := strings.Join(check.reasons(step.view), "; "); !strings.HasPrefix(got, step.want) || (got == "") != (step.want == "") {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
}

// looks plays views of a cluster one after the other; the last one stays.
type looks struct {
	views []restartView
	taken int
}

func (l *looks) look(context.Context) (restartView, error) {
	v := l.views[min(l.taken, len(l.views)-1)]
	l.taken++
	if v.cluster.Nodes == nil {
		return v, api.ErrUnreachable
	}
	return v, nil
}

// Operations says that a node brings hints to another all the time.
func (*looks) Operations(context.Context) (api.Operations, error) {
	return api.Operations{Operations: []api.Operation{{Kind: "deliver", State: "running", Keys: api.Amount{Done: 30, Total: 60}, Bytes: api.Amount{Done: 1 << 20}}}}, nil
}

// keepingHints is a cluster in which A keeps hints.
func keepingHints(n int64) restartView {
	v := restful()
	v.cluster.Nodes[0].Hints = &n
	return v
}

// TestAdmin_CheckAndWait_ShowsHowFarTheWorkIs: on a terminal as a bar that goes, and not at all in
// what a program reads.
func TestAdmin_CheckAndWait_ShowsHowFarTheWorkIs(t *testing.T) {
	for _, test := range []struct {
		what   string
		json   bool
		wait   bool
		prefix string
		within []string
		suffix string
	}{
		{"wait, on a terminal", false, true, "60 hints on A to be delivered\n\r[##########----------] 30 of 60 keys", []string{"30 of 60 keys, 1.0 MiB"}, " \rsafe to stop one node\n"},
		{"no wait", false, false, "60 hints on A to be delivered\n", nil, "delivered\n"},
		{"wait, for a program", true, true, "{\n", nil, "  \"safe\": true,\n  \"reasons\": []\n}\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			err := (&adminCmd{JSON: test.json}).awaitSafe(t.Context(), colourWriter{&out}, &looks{views: []restartView{keepingHints(60), keepingHints(30), keepingHints(2), restful()}}, test.wait)
			got := out.String()
			if (err == nil) != test.wait || !strings.HasPrefix(got, test.prefix) || !strings.HasSuffix(got, test.suffix) {
				t.Errorf("%s: %v\n%q", test.what, err, got)
			}
			for _, part := range test.within {
				if !strings.Contains(got, part) {
					t.Errorf("%s: %q lacks %q", test.what, got, part)
				}
			}
			if len(test.within) == 0 && strings.Contains(got, "of 60 keys") {
				t.Errorf("%s: %q shows a bar", test.what, got)
			}
		})
	}
}

// TestAdmin_CheckAndWait_NumbersThatChange_AreSaidNowAndThen: hints that are delivered are not
// told one by one, and a reason more is told at once.
func TestAdmin_CheckAndWait_NumbersThatChange_AreSaidNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var views []restartView
		for left := int64(40); left > 1; left-- { // at two looks a second: 20 seconds
			views = append(views, keepingHints(left))
		}
		views[3].cluster.Nodes[1].Status = "down"
		views[4].cluster.Nodes[1].Status = "down"
		var out strings.Builder
		last, err := awaitSafe(t.Context(), func(text string) { out.WriteString(text) }, &looks{views: append(views, restful())}, true)
		const want = `40 hints on A to be delivered
37 hints on A to be delivered
B is down
35 hints on A to be delivered
15 hints on A to be delivered
`
		if err != nil || last != "safe to stop one node\n" || out.String() != want {
			t.Errorf("%v, %q\n%s", err, last, out.String())
		}
	})
}

func TestAdmin_Check_WaitsOrNot(t *testing.T) {
	hints := int64(1)
	waiting := restful()
	waiting.cluster.Nodes[0].Hints = &hints
	whole := restful()
	whole.cluster.Effective.W = 3
	for _, test := range []struct {
		what  string
		views []restartView
		wait  bool
		limit time.Duration
		err   error
		taken int
		out   string
	}{
		{"safe", []restartView{restful()}, false, checkTime, nil, 1, "safe to stop one node\n"},
		{"writes need all", []restartView{whole}, false, checkTime, nil, 1, "safe to stop one node\nbut requests that need all 3 nodes (r=2 w=3) fail meanwhile\n"},
		{"not safe", []restartView{waiting}, false, checkTime, errNotSafe, 1, "1 hint on A to be delivered\n"},
		{"copies differ for a moment", []restartView{differing(1), differing(2)}, false, checkTime, nil, 2, "safe to stop one node\n"},
		{"copies go on differing", []restartView{differing(1)}, false, checkTime + checkInterval/2, errNotSafe, 7, "copies still differ: 1 pair, on A, B\n"},
		{"the port is away", []restartView{{}}, false, checkTime, api.ErrUnreachable, 1, ""},
		{"wait", []restartView{waiting, waiting, {}, differing(1), restful()}, true, time.Minute, nil, 5,
			"1 hint on A to be delivered\nno answer from the admin port\ncopies still differ: 1 pair, on A, B\nsafe to stop one node\n"},
		{"wait in vain", []restartView{waiting}, true, checkInterval * 3 / 2, errNotSafe, 2, "1 hint on A to be delivered\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.limit)
			defer cancel()
			var out strings.Builder
			l := &looks{views: test.views}
			last, err := awaitSafe(ctx, func(text string) { out.WriteString(text) }, l, test.wait)
			out.WriteString(last)
			if !errors.Is(err, test.err) || l.taken != test.taken || out.String() != test.out {
				t.Errorf("%s: %v after %d looks\n%s", test.what, err, l.taken, out.String())
			}
		})
	}
}

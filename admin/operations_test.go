package admin

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

func TestOperations_Sync_IsListedForEachNodeAndMayBeDeletedAgain(t *testing.T) {
	f := newFleet(t, 2, "")
	// A node that has just been heard of may not have its stream yet: then the sync
	// fails, and says so.
	f.nodes.Eventually("a sync that reaches all", func() bool {
		answer := must[api.SyncAnswer](f, "A", "POST", "/api/merkle/sync", nil)
		return !slices.ContainsFunc(answer.Nodes, func(n api.SyncedNode) bool { return n.Error != "" })
	})
	list := must[api.Operations](f, "B", "GET", "/api/operations", nil)
	syncs := make(map[string]api.Operation)
	for _, o := range list.Operations {
		if o.Kind == "sync" && o.StartedMillis >= syncs[o.Node].StartedMillis && syncs[o.Node].State != "done" {
			syncs[o.Node] = o
		}
	}
	for _, node := range f.names {
		o := syncs[node]
		if o.State != "done" {
			t.Errorf("the sync of %s is %q, want done", node, o.State)
		}
		if o.Partitions.Total == 0 || o.Partitions.Done != o.Partitions.Total {
			t.Errorf("partitions of the sync of %s: %+v, want all", node, o.Partitions)
		}
		if o.StartedMillis == 0 || o.EndedMillis < o.StartedMillis {
			t.Errorf("the sync of %s began at %d and ended at %d", node, o.StartedMillis, o.EndedMillis)
		}
	}
	if len(list.Nodes) != 2 || len(list.Missing) != 0 {
		t.Errorf("%d nodes, %q missing; want 2, none", len(list.Nodes), list.Missing)
	}
	// The other node's port cancels it; an operation that has ended stays as it is.
	if o := must[api.Operation](f, "B", "DELETE", "/api/operations/"+syncs["A"].ID, nil); o != syncs["A"] {
		t.Errorf("deleting what has ended answers %+v, want %+v", o, syncs["A"])
	}
	if text := string(f.call("A", "GET", "/metrics", "").body); !strings.Contains(text, `quorate_operations_running{kind="sync"} 0`) {
		t.Error("no metric of running operations")
	}
}

func TestOperations_Unknown_IsNotFound(t *testing.T) {
	f := newFleet(t, 2, "")
	for _, id := range []string{"A-9999", "A-", "nonsense", "A-x", "Z-1", "B-9999"} {
		if answer := f.call("A", "DELETE", "/api/operations/"+id, ""); answer.status != http.StatusNotFound {
			t.Errorf("%s: status %d %s, want 404", id, answer.status, answer.body)
		}
	}
}

func TestOperations_MemberDown_IsWhatKeepsTombstones(t *testing.T) {
	s := newTestServer(&fakeProcess{node: newFakeNode()}, "")
	w := do(s, "GET", "/api/operations?local=1", "")
	if want := `"blocking":[{"node":"C","since_ms":1800000000000,"reason":"does not answer","keys":0}]`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("%s: no %s", w.Body, want)
	}
	if want := `"failures":[{"partition":5,"peer":"C","failures":2,"error":"no stream","retry_ms":8000,"compared_ms":0,"keys_exchanged":0}]`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("%s: no %s", w.Body, want)
	}
	if want := `"targets":[{"node":"C","count":2,"bytes":60,"oldest_ms":9000}]`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("%s: no %s", w.Body, want)
	}
	w = do(s, "GET", "/metrics", "")
	if want := `quorate_reap_blocked_since_timestamp_seconds{node="C",reason="down"} 1.8e+09`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("no %s", want)
	}
}

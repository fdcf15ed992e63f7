package admin

import (
	"net/http"
	"slices"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

func TestPlan_Leave_IsToldByKeysAndBytesAndChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 4, "")
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		must[api.WriteAnswer](f, "A", "PUT", "/api/data/"+key, api.WriteRequest{Value: "value", W: 3})
	}
	before := must[api.Ring](f, "A", "GET", "/api/ring", nil)
	held := must[api.Partitions](f, "B", "GET", "/api/partitions", nil)
	var keys int64
	for _, n := range held.Nodes {
		for _, k := range n.Keys {
			keys += k
		}
	}
	if len(held.Nodes) != 4 || len(held.Missing) > 0 || keys != 18 {
		t.Errorf("%d nodes hold %d keys, %q missing; want 4, 18, none", len(held.Nodes), keys, held.Missing)
	}
	plan := must[api.Plan](f, "B", "GET", "/api/plan/leave/C", nil)
	leaver := plan.Nodes[slices.IndexFunc(plan.Nodes, func(n api.PlanNode) bool { return n.Node == "C" })]
	if leaver.TokensAfter != 0 || leaver.PartitionsAfter != 0 || leaver.Drops != leaver.PartitionsBefore || leaver.Gains != 0 {
		t.Errorf("the part of C: %+v", leaver)
	}
	own := held.Nodes[2]
	var leaves, bytes int64
	for p := range own.Keys {
		leaves, bytes = leaves+own.Keys[p], bytes+own.Bytes[p]
	}
	// With four members and three copies every copy of C goes to the one that lacks it.
	if plan.Keys != leaves || plan.Bytes != bytes || plan.Partitions != leaver.PartitionsBefore || plan.Copies != 3 {
		t.Errorf("%+v; C holds %d keys, %d bytes", plan, leaves, bytes)
	}
	if after := must[api.Ring](f, "A", "GET", "/api/ring", nil); after.Version != before.Version || after.Next != nil {
		t.Error("the plan has changed the ring")
	}
	for path, want := range map[string]int{
		"/api/plan/leave/X": http.StatusNotFound, "/api/plan/join/A": http.StatusConflict, "/api/plan/join/no%20name": http.StatusBadRequest, "/api/plan/sell/A": http.StatusBadRequest,
	} {
		if r := f.call("A", "GET", path, ""); r.status != want {
			t.Errorf("%s: status %d %s, want %d", path, r.status, r.body, want)
		}
	}
}

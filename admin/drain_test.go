package admin

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

func TestDrain_Node_IsNotReadyAndAProblemUntilItIsUndone(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2, "")
	for _, name := range f.names {
		f.nodes.Eventually("no problem through "+name, func() bool { return len(f.problemsThrough(name)) == 0 })
	}
	if d := must[api.Drain](f, "B", "POST", "/api/node/drain", nil); d.Node != "B" || d.DrainingMillis == 0 {
		t.Errorf("%+v", d)
	}
	if r := f.call("B", "GET", "/readyz", ""); r.status != http.StatusServiceUnavailable || !strings.Contains(string(r.body), "drains") {
		t.Errorf("readiness: %d %s", r.status, r.body)
	}
	if r := f.call("A", "GET", "/readyz", ""); r.status != http.StatusOK {
		t.Errorf("readiness of the other node: %d %s", r.status, r.body)
	}
	if got := f.problemsThrough("A"); !slices.Equal(got, []string{"node-drains B"}) {
		t.Errorf("problems %q", got)
	}
	if m := must[api.Cluster](f, "A", "GET", "/api/cluster", nil).Nodes[1]; m.DrainingMillis == 0 {
		t.Errorf("the view of the cluster does not tell it: %+v", m)
	}
	must[api.Drain](f, "B", "DELETE", "/api/node/drain", nil)
	if r := f.call("B", "GET", "/readyz", ""); r.status != http.StatusOK {
		t.Errorf("readiness after the drain was undone: %d %s", r.status, r.body)
	}
	if got := f.problemsThrough("A"); len(got) > 0 {
		t.Errorf("problems %q", got)
	}
}

package admin

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

func TestLinks_EachChange_IsInForceEverywhere(t *testing.T) {
	f := newFleet(t, 3, "")
	cut := func(from, to string) api.Link { return api.Link{From: from, To: to, Cut: true} }
	slow := func(from, to string) api.Link { return api.Link{From: from, To: to, DelayMillis: 5, Loss: 0.01} }
	for _, test := range []struct {
		through, path string
		body          any
		want          []api.Link
	}{
		{"A", "/api/nodes/C/partition", api.CutRequest{}, []api.Link{cut("A", "C"), cut("B", "C"), cut("C", "A"), cut("C", "B")}},
		{"C", "/api/nodes/C/heal", nil, []api.Link{}},
		{"B", "/api/nodes/A/partition", api.CutRequest{From: []string{"B"}, Direction: "in"}, []api.Link{cut("B", "A")}},
		{"B", "/api/nodes/A/partition", api.CutRequest{From: []string{"C"}, Direction: "out"}, []api.Link{cut("A", "C"), cut("B", "A")}},
		{"C", "/api/partition", api.SplitRequest{Groups: [][]string{{"A", "B"}, {"C"}}}, []api.Link{cut("A", "C"), cut("B", "C"), cut("C", "A"), cut("C", "B")}},
		{"A", "/api/heal", nil, []api.Link{}},
		{"A", "/api/nodes/B/slow", api.SlowRequest{With: []string{"C"}, DelayMillis: 5, Loss: 0.01}, []api.Link{slow("B", "C"), slow("C", "B")}},
		{"A", "/api/heal", struct{}{}, []api.Link{}},
	} {
		got := must[api.LinkFaults](f, test.through, "POST", test.path, test.body)
		if !slices.Equal(got.Links, test.want) || len(got.Missing) != 0 {
			t.Errorf("%s: %+v, want %+v", test.path, got, test.want)
		}
		for _, p := range f.ports {
			if n := len(p.Links()); n != len(test.want) {
				t.Errorf("%s: %s obeys %d faults, want %d", test.path, p.name, n, len(test.want))
			}
		}
		if v := f.view("B"); !slices.Equal(v.Links, test.want) {
			t.Errorf("%s: B shows %+v", test.path, v.Links)
		}
	}
}

func TestLinks_CutNode_IsSuspectedThenDownThenUp(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	must[api.LinkFaults](f, "B", "POST", "/api/nodes/C/partition", api.CutRequest{})
	f.nodes.Eventually("C not to answer", func() bool { return !member(t, f.view("A"), "C").Alive })
	if c := member(t, f.view("A"), "C"); c.Status != "suspect" && c.Status != "down" || c.Keys == nil {
		t.Errorf("%+v", c) // its port still tells what it holds
	}
	f.nodes.Eventually("C to be given up", func() bool { return member(t, f.view("A"), "C").Status == "down" })
	must[api.LinkFaults](f, "B", "POST", "/api/heal", nil)
	f.nodes.Eventually("C back", func() bool { return member(t, f.view("A"), "C").Status == "up" })
}

func TestChaos_BadRequests_AreRefusedAndChangeNothing(t *testing.T) {
	f := newFleet(t, 2, "")
	for _, test := range []struct {
		path, body string
		status     int
		in         string
	}{
		{"/api/nodes/Z/kill", "", 404, "no such member"},
		{"/api/nodes/Z/revive", "", 404, "no such member"},
		{"/api/nodes/A/revive", "", 409, "nothing to do"},
		{"/api/nodes/A/revive", `{"lose_disk":1}`, 400, "lose_disk"},
		{"/api/nodes/Z/partition", "", 404, "no such member"},
		{"/api/nodes/A/partition", `{"from":["Z"]}`, 404, "no such member"},
		{"/api/nodes/A/partition", `{"from":["A"]}`, 400, "itself"},
		{"/api/nodes/A/partition", `{"from":"B"}`, 400, "from"},
		{"/api/nodes/A/partition", `{"direction":"up"}`, 400, "direction"},
		{"/api/nodes/A/slow", `{"delay_ms":-1}`, 400, "delay_ms"},
		{"/api/nodes/A/slow", `{"delay_ms":60000}`, 400, "delay_ms"},
		{"/api/nodes/A/slow", `{"loss":1.5}`, 400, "loss"},
		{"/api/nodes/A/slow", `{"with":["Z"]}`, 404, "no such member"},
		{"/api/nodes/Z/slow", `{"delay_ms":1}`, 404, "no such member"},
		{"/api/nodes/Z/heal", ``, 404, "no such member"},
		{"/api/nodes/A/heal", `{"all":true}`, 400, "all"},
		{"/api/partition", `{"groups":[["A"]]}`, 400, "two or more"},
		{"/api/partition", `{"groups":[["A","B"],["A"]]}`, 400, "twice"},
		{"/api/partition", `{"groups":[["A"],["Z"]]}`, 404, "no such member"},
		{"/api/partition", `{"groups":"A"}`, 400, "groups"},
		{"/api/partition", `{"groups":[["` + strings.Repeat("A", maxBody) + `"]]}`, 413, "too large"},
		{"/api/nodes", `{"admin_addr":"127.0.0.1:1"}`, 502, "no answer"},
		{"/api/nodes", `{"admin_addr":"` + f.ports["B"].addr + `"}`, 409, "nothing to do"},
		{"/api/nodes", `{}`, 409, "no demo"},
		{"/api/node/join", `{}`, 400, "through"},
		{"/api/merkle/sync", `[]`, 400, ""},
	} {
		r := f.call("A", "POST", test.path, test.body)
		if r.status != test.status || !strings.Contains(string(r.body), test.in) {
			t.Errorf("%s %.60s: %d %.200s, want %d with %q", test.path, test.body, r.status, r.body, test.status, test.in)
		}
	}
	if r := f.call("A", "PUT", "/api/node/links", `{"faults":[{"from":"a:1","to":"a:1","cut":true}]}`); r.status != 400 {
		t.Errorf("a bad table: %d %s", r.status, r.body)
	}
	v := f.view("B")
	if len(v.Links) != 0 || member(t, v, "A").Status != "up" {
		t.Errorf("something was changed: %+v", v)
	}
}

func TestChaos_NotAllowed_IsRefusedWhereverItIsAsked(t *testing.T) {
	f := newFleet(t, 2, "")
	f.ports["A"].chaos.Store(false)
	for _, path := range []string{"/api/nodes/A/kill", "/api/nodes/A/partition", "/api/partition", "/api/heal", "/api/nodes/B/slow"} {
		if r := f.call("A", "POST", path, `{"groups":[["A"],["B"]]}`); r.status != 403 && r.status != 400 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if r := f.call("B", "POST", "/api/nodes/A/kill", ""); r.status != 403 {
		t.Errorf("through B: %d %s", r.status, r.body)
	}
	if got := must[api.LinkFaults](f, "B", "POST", "/api/nodes/A/partition", nil); fmt.Sprint(got.Missing) != "[A]" {
		t.Errorf("A should not have taken it: %+v", got)
	}
	if v := f.view("A"); v.Chaos {
		t.Error("A says that it may be broken")
	}
}

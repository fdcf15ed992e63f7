package main

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

func TestDemo_RequestVia_IsTakenByTheNodeThatItNames(t *testing.T) {
	d, _ := startDemo(t, "--nodes", "3")
	port := api.NewClient(api.Config{Addr: d.nodes[0].member.AdminAddr})
	defer port.Close()
	for _, f := range d.nodes {
		name := f.member.Name
		var written api.WriteAnswer
		if err := port.Call(t.Context(), "PUT", "/api/data/key?via="+name, api.WriteRequest{Value: `"from ` + name + `"`}, &written); err != nil {
			t.Fatal(err)
		}
		if written.Trace.Node != name {
			t.Errorf("write via %s was taken by %s", name, written.Trace.Node)
		}
		var found api.ReadAnswer
		if err := port.Call(t.Context(), "GET", "/api/data/key?via="+name, nil, &found); err != nil {
			t.Fatal(err)
		}
		if found.Trace.Node != name || found.Resolved == nil || found.Resolved.Value != `"from `+name+`"` {
			t.Errorf("read via %s was taken by %s and found %+v", name, found.Trace.Node, found.Resolved)
		}
	}
	if err := port.Call(t.Context(), "GET", "/api/data/key?via=Z", nil, nil); err == nil || !strings.Contains(err.Error(), "Z") {
		t.Errorf("read via a node that is not: %v", err)
	}
}

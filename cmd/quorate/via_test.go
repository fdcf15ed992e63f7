package main

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/admin"
)

func TestDemo_RequestVia_IsTakenByTheNodeThatItNames(t *testing.T) {
	d, _ := startDemo(t, "--nodes", "3")
	port := adminPort{scheme: "http", addr: d.nodes[0].member.AdminAddr}
	for _, f := range d.nodes {
		name := f.member.Name
		var written admin.Written
		if err := port.call(t.Context(), "PUT", "/api/data/key?via="+name, "from "+name, &written); err != nil {
			t.Fatal(err)
		}
		if written.Trace.Node != name {
			t.Errorf("write via %s was taken by %s", name, written.Trace.Node)
		}
		var found admin.Found
		if err := port.call(t.Context(), "GET", "/api/data/key?via="+name, nil, &found); err != nil {
			t.Fatal(err)
		}
		if found.Trace.Node != name || found.Resolved == nil || found.Resolved.Value != `"from `+name+`"` {
			t.Errorf("read via %s was taken by %s and found %+v", name, found.Trace.Node, found.Resolved)
		}
	}
	if err := port.call(t.Context(), "GET", "/api/data/key?via=Z", nil, nil); err == nil || !strings.Contains(err.Error(), "Z") {
		t.Errorf("read via a node that is not: %v", err)
	}
}

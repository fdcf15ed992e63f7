package e2e

import (
	"errors"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFounder_AllNodesHaveTheSameFlags starts three nodes as an orchestrator does, from one
// template. The addresses have names, one of which is no name (so that no server is asked for it). Later they start again at
// other addresses on the same disks, and the founder without one.
func TestFounder_AllNodesHaveTheSameFlags(t *testing.T) {
	f := planFleet(t, 3)
	template := func() {
		places := []string{"later..invalid:7946"}
		for _, n := range f.nodes {
			_, port, err := net.SplitHostPort(n.peer)
			if err != nil {
				t.Fatal(err)
			}
			places = append(places, "localhost:"+port)
		}
		for _, n := range f.nodes {
			n.searchAt(places...)
			n.args = append(slices.DeleteFunc(n.args, func(arg string) bool { return strings.HasPrefix(arg, "--founder") }), "--founder=A")
		}
	}
	template()
	f.start()
	if err := f.nodes[0].dial(t).Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}

	for _, n := range f.nodes {
		n.stop()
	}
	for i, peer := range freePorts(t, 3) {
		f.nodes[i].moveTo(peer)
	}
	template()
	f.start()
	f.awaitFound()
	for _, n := range f.nodes {
		if got, err := n.dial(t).Get(t.Context(), "k").Result(); err != nil || got != "v" {
			t.Errorf("%s at its new address: %q, %v", n.name, got, err)
		}
	}

	a := f.nodes[0]
	a.stop()
	a.wipe()
	a.start()
	select {
	case <-a.exited:
	case <-time.After(patience):
		t.Fatal("a founder without its disk goes on")
	}
	var exit *exec.ExitError
	if err := a.log.has("name is taken"); !errors.As(a.err, &exit) || err != nil {
		t.Errorf("it ended with %v; %v\n%s", a.err, err, a.log)
	}
}

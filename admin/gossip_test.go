package admin

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

// Nodes that have learned of one version by several states learned of one change.
func TestAddChanges_OfAllNodes_AreOneForEachVersion(t *testing.T) {
	changes := make(map[uint64]*api.RingChange)
	for _, all := range [][]api.RingChange{
		{{Version: 5, Digest: "a5", Seen: []api.Seen{{Node: "A", AtMillis: 10}}}, {Version: 4, Digest: "a4", Seen: []api.Seen{{Node: "A", AtMillis: 3}}}},
		{{Version: 4, Digest: "b4", Seen: []api.Seen{{Node: "B", AtMillis: 2}}}},
	} {
		addChanges(changes, all)
	}
	got := ""
	for _, change := range newestChanges(changes) {
		got += fmt.Sprint(change.Version, change.Seen, " ")
	}
	if want := "5 [{A 10}] 4 [{B 2} {A 3}] "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

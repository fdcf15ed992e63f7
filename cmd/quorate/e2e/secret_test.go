package e2e

import (
	"slices"
	"testing"
)

// The peer secret is changed as .github/SECURITY.md says, on one node after the other.
func TestSecret_ChangedNodeByNode_QuorumIsNeverLost(t *testing.T) {
	f := newFleet(t, 3, "--peer-secret", "old")
	l := startLoad(t, newHistory(), f.nodes...)
	var before [][]string
	for _, n := range f.nodes {
		before = append(before, n.args)
	}
	for _, step := range [][]string{
		{"--peer-secret", "old", "--peer-secret-accepted", "new"},
		{"--peer-secret", "new", "--peer-secret-accepted", "old"},
		{"--peer-secret", "new"},
	} {
		for i, n := range f.nodes {
			n.stop()
			n.args = slices.Concat(before[i], step)
			n.restart()
			f.awaitPlaces()
		}
	}
	l.stop()
	l.noWriteFaults()
}

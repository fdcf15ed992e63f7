package admin

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/engine"
)

// A link that is cut is where copies differ: that is when someone looks.
func TestMerkle_AcrossACutLink_ShowsTheKeysThatDiffer(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	must[api.WriteAnswer](f, "A", "PUT", "/api/data/cart", api.WriteRequest{Value: "v", W: 3})
	must[api.LinkFaults](f, "C", "POST", "/api/partition", api.SplitRequest{Groups: [][]string{{"A", "C"}, {"B"}}})
	f.nodes.Eventually("a write on one side", func() bool {
		return f.call("A", "PUT", "/api/data/cart?w=2", `newer`).status == 200
	})
	partition := must[api.KeyPlace](f, "A", "GET", "/api/ring/key/cart", nil).Partition
	for _, through := range f.names {
		d := must[api.Difference](f, through, "GET", fmt.Sprintf("/api/merkle/%d?a=A&b=B", partition), nil)
		if d.InSync || d.Truncated || len(d.Leaves) != 1 || len(d.Leaves[0].Keys) != 1 {
			t.Fatalf("through %s: %+v", through, d)
		}
		k := d.Leaves[0].Keys[0]
		if k.Key.Key != "cart" || k.A == nil || k.B == nil || *k.A == *k.B {
			t.Errorf("through %s: %+v", through, k)
		}
		if len(d.Levels) != engine.MerkleLevels || d.NodesCompared != 1+5*engine.MerkleFanout {
			t.Errorf("through %s: %d levels, %d hashes compared", through, len(d.Levels), d.NodesCompared)
		}
		for level, l := range d.Levels {
			if len(l.Differing) != 1 || l.Differing[0].A == l.Differing[0].B || l.Differing[0].Index != d.Leaves[0].Leaf>>(2*(engine.MerkleLevels-1-level)) {
				t.Errorf("through %s, level %d: %+v, of leaf %d", through, level, l, d.Leaves[0].Leaf)
			}
		}
	}
}

func TestMerkle_KilledNode_IsNamedAsTheOneThatDoesNotShowItsTree(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	must[api.NodeState](f, "B", "POST", "/api/nodes/B/kill", nil)
	r := f.call("A", "GET", "/api/merkle/1?a=A&b=B", "")
	if want := "B does not show its Merkle tree"; r.status != 503 || !strings.Contains(string(r.body), want) {
		t.Errorf("%d %s, want 503 and %q", r.status, r.body, want)
	}
}

// tree makes the levels of a tree whose leaves have these hashes; a node above has a hash that
// names all that is below it.
func tree(leaves map[int]string) [][]string {
	levels := make([][]string, engine.MerkleLevels)
	for level := range levels {
		levels[level] = make([]string, 1<<(2*level))
	}
	for leaf := range engine.Leaves {
		for level := range levels {
			levels[level][leaf>>(2*(engine.MerkleLevels-1-level))] += leaves[leaf]
		}
	}
	return levels
}

func TestDescend_ComparesOnlyBelowNodesThatDiffer(t *testing.T) {
	for _, test := range []struct {
		name     string
		a, b     map[int]string
		compared []int // nodes a level
		leaves   []string
	}{
		{"equal", map[int]string{3: "x"}, map[int]string{3: "x"}, []int{1}, nil},
		{"both empty", nil, nil, []int{1}, nil},
		{"one leaf", map[int]string{3: "x", 700: "z"}, map[int]string{3: "y", 700: "z"}, []int{1, 4, 4, 4, 4, 4}, []string{"3"}},
		{"one side empty", map[int]string{1023: "x"}, nil, []int{1, 4, 4, 4, 4, 4}, []string{"1023"}},
		{"two leaves far apart", map[int]string{0: "x", 1023: "x"}, nil, []int{1, 4, 8, 8, 8, 8}, []string{"0", "1023"}},
	} {
		levels := descend(tree(test.a), tree(test.b))
		var compared []int
		for _, l := range levels {
			compared = append(compared, l.Compared)
		}
		if !slices.Equal(compared, test.compared) || !slices.Equal(differingLeaves(levels), test.leaves) {
			t.Errorf("%s: %v compared, leaves %v, want %v and %v", test.name, compared, differingLeaves(levels), test.compared, test.leaves)
		}
	}
}

func TestAddKeys_JoinsWhatTwoNodesHold(t *testing.T) {
	held := func(name string, leaf int, digest string) api.HeldKey {
		return api.HeldKey{Key: api.Key{Key: name}, Leaf: leaf, Digest: digest, Clock: []byte{0}}
	}
	names := newActors(newFakeNode().Ring())
	for _, test := range []struct {
		name      string
		a, b      api.HeldKeys
		want      string
		truncated bool
	}{
		{"equal", api.HeldKeys{Keys: []api.HeldKey{held("k", 1, "d")}}, api.HeldKeys{Keys: []api.HeldKey{held("k", 1, "d")}}, "", false},
		{"another version", api.HeldKeys{Keys: []api.HeldKey{held("k", 1, "d")}}, api.HeldKeys{Keys: []api.HeldKey{held("k", 1, "e")}}, "1:k:both ", false},
		{"on one side only", api.HeldKeys{Keys: []api.HeldKey{held("k", 2, "d")}}, api.HeldKeys{Keys: []api.HeldKey{held("j", 1, "e")}}, "1:j:b 2:k:a ", false},
		{"a listing that was cut short says nothing of its last leaf", api.HeldKeys{Keys: []api.HeldKey{held("i", 1, "d"), held("j", 2, "d")}, Truncated: true},
			api.HeldKeys{Keys: []api.HeldKey{held("j", 2, "d"), held("k", 2, "d"), held("l", 3, "d")}}, "1:i:a ", true},
	} {
		var d api.Difference
		addKeys(&d, test.a, test.b, names)
		got := ""
		for _, leaf := range d.Leaves {
			for _, k := range leaf.Keys {
				side := "both"
				if k.B == nil {
					side = "a"
				} else if k.A == nil {
					side = "b"
				}
				got += fmt.Sprintf("%d:%s:%s ", leaf.Leaf, k.Key.Key, side)
			}
		}
		if got != test.want || d.Truncated != test.truncated {
			t.Errorf("%s: %q, truncated %v, want %q, %v", test.name, got, d.Truncated, test.want, test.truncated)
		}
	}
}

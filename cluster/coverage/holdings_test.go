package coverage

import (
	"errors"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
)

func threeNodes() (*ring.Ring, []ring.NodeID) {
	var members []ring.Member
	var ids []ring.NodeID
	for _, name := range []string{"A", "B", "C"} {
		members = append(members, ring.Member{ID: ring.IDOf(name), Name: name, Instance: name})
		ids = append(ids, ring.IDOf(name))
	}
	return ring.NewRing(ring.NewState("cluster", 4, ring.Quorums{N: 3, R: 2, W: 2}, members...)), ids
}

func TestHoldings_Partition_IsEmptyOnlyIfEnoughPrimariesSaySo(t *testing.T) {
	now, ids := threeNodes()
	empty, some := counts{valued: []int64{0, 0, 0, 0}}, counts{valued: []int64{0, 7, 0, 0}}
	for _, test := range []struct {
		name    string
		answers []counts
		want    int64 // of partition 1
	}{
		{"all are empty", []counts{empty, empty, empty}, 0},
		{"two are empty", []counts{empty, empty}, 0},
		{"one is not", []counts{empty, some}, 7},
		{"one answers", []counts{empty}, 1},
		{"one has lost its disk", []counts{empty, {refilling: true, valued: []int64{0, 0, 0, 0}}}, 1},
		{"one counts anew", []counts{empty, {counting: true, valued: []int64{0, 0, 0, 0}}}, 1},
		{"one is of version 0.1.0", []counts{empty, {keys: []int64{0, 0, 0, 0}}}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			answers := make(map[ring.NodeID]counts)
			for i, c := range test.answers {
				answers[ids[i]] = c
			}
			held := holdingsOf(now, answers)
			if held[1] != test.want {
				t.Errorf("there may be %d, want %d", held[1], test.want)
			}
			if p := held.draw(); test.want == 7 && p != 1 {
				t.Errorf("drew partition %d, and only 1 has keys", p)
			} else if test.want == 0 && p != -1 {
				t.Errorf("drew partition %d of nothing", p)
			}
		})
	}
}

// TestSumCounts_NodeCountsAnew_PartIsNotShown: after kill -9 a node knows a part of its
// keys at first.
func TestSumCounts_NodeCountsAnew_PartIsNotShown(t *testing.T) {
	now, ids := threeNodes()
	part, all := counts{keys: []int64{1, 0, 0, 0}, counting: true}, counts{keys: []int64{5, 5, 0, 0}}
	got, err := sumCounts(now, map[ring.NodeID]counts{ids[0]: part, ids[1]: all})
	if err != nil || got.Keys != 10 {
		t.Errorf("%d keys, %v; want the 10 of the node that knows", got.Keys, err)
	}
	if got, err := sumCounts(now, map[ring.NodeID]counts{ids[0]: part}); !errors.Is(err, ErrCounting) {
		t.Errorf("%d keys, %v; want ErrCounting", got.Keys, err)
	}
}

func TestJoinPages_KeyIsNotOnAll_IsDisputed(t *testing.T) {
	there := func(hash uint32, key string) listed { return listed{hash: hash, alive: true, key: []byte(key)} }
	gone := func(hash uint32, key string) listed { return listed{hash: hash, key: []byte(key)} }
	got := joinPages([]page{
		{keys: []listed{there(1, "both"), there(2, "one"), gone(3, "dead"), there(4, "dead on one")}, more: true, next: 9},
		{keys: []listed{there(1, "both"), gone(4, "dead on one"), there(9, "later")}},
	})
	want := []struct {
		key      string
		disputed bool
	}{{"both", false}, {"one", true}, {"dead on one", true}}
	if len(got.keys) != len(want) || !got.more || got.next != 9 {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if k := got.keys[i]; string(k.key) != w.key || k.disputed != w.disputed {
			t.Errorf("key %q, disputed %v; want %q, %v", k.key, k.disputed, w.key, w.disputed)
		}
	}
}

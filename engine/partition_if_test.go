package engine

import "testing"

func TestDropPartitionIf_ChangedMeanwhile_Stays(t *testing.T) {
	s := openMem(t)
	write(t, s, 3, "k", data("v"))
	root := s.MerkleNodes(3, 0, []int{0})[0]
	write(t, s, 3, "k", data("w"))
	if dropped, err := s.DropPartitionIf(3, root); dropped || err != nil {
		t.Fatalf("dropped %v, err %v", dropped, err)
	}
	if _, total := s.Keys(3); total != 1 {
		t.Fatalf("%d keys", total)
	}
	root = s.MerkleNodes(3, 0, []int{0})[0]
	if dropped, err := s.DropPartitionIf(3, root); !dropped || err != nil {
		t.Fatalf("dropped %v, err %v", dropped, err)
	}
	if _, total := s.Keys(3); total != 0 {
		t.Fatalf("%d keys", total)
	}
}

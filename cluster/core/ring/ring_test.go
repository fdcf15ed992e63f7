package ring

import (
	"fmt"
	"slices"
	"testing"
)

func bigRing(t testing.TB, members, q int) *Ring {
	t.Helper()
	var founders []Member
	for i := range members {
		founders = append(founders, member(fmt.Sprintf("node-%d", i)))
	}
	return NewRing(NewState("test", q, threeOfFive(), founders...))
}

func TestRing_Lookups(t *testing.T) {
	s := ringOf("A", "B", "C", "D")
	check(t, s.Join(member("E")))
	r := NewRing(s)
	if !r.InTransition() || r.Target() != s.Target() || !slices.Equal(r.Pending(), []NodeID{IDOf("E")}) {
		t.Error("the ring does not show the transition")
	}
	gains := 0
	for p := range Partition(r.Partitions()) {
		after := r.TargetPrimaries(p)
		for _, id := range r.Gaining(p) {
			gains++
			if !slices.Contains(after, id) || !r.IsReceiving(id, p) || r.IsPrimary(id, p) || !slices.Contains(r.Gains(id), p) {
				t.Fatalf("partition %d: %s gains it here and not there", p, r.Name(id))
			}
		}
		for _, id := range after {
			if !r.IsPrimary(id, p) && !r.IsReceiving(id, p) {
				t.Fatalf("partition %d: %s comes from nowhere", p, r.Name(id))
			}
		}
	}
	if gains != len(r.Gains(IDOf("E"))) || gains == 0 {
		t.Errorf("%d gains, %d of them E's", gains, len(r.Gains(IDOf("E"))))
	}
	var names []string
	for _, m := range r.Members() {
		names = append(names, m.Name)
	}
	if !slices.Equal(names, []string{"A", "B", "C", "D", "E"}) {
		t.Errorf("members %v", names)
	}
	if m, ok := r.MemberByName("E"); !ok || m.Status != Joining || m.PeerAddr != "E:7946" {
		t.Errorf("E: %+v", m)
	}
	if got := r.Name(7); got != "0000000000000007" {
		t.Errorf("the name of a stranger: %q", got)
	}
	finish(t, s)
	if r.Seated() != 4 || NewRing(s).Seated() != 5 {
		t.Error("the flip reached into a ring made before it")
	}
}

func TestRing_Lookups_DoNotAllocate(t *testing.T) {
	s := ringOf("A", "B", "C", "D")
	check(t, s.Join(member("E")))
	r := NewRing(s)
	key, id := []byte("user:{12345678}:profile"), IDOf("E")
	if n := testing.AllocsPerRun(100, func() {
		p := r.PartitionOf(key)
		_, _, _, _ = r.Primaries(p), r.Walk(p), r.Gaining(p), r.Quorums()
		_, _ = r.IsPrimary(id, p), r.Gains(id)
		_, _ = r.Member(id)
		_ = r.Name(id)
	}); n != 0 {
		t.Errorf("%v allocations per lookup", n)
	}
}

func BenchmarkRing_Primaries(b *testing.B) {
	r := bigRing(b, 100, 4096)
	key := []byte("user:12345678")
	b.ReportAllocs()
	for b.Loop() {
		_ = r.Primaries(r.PartitionOf(key))
	}
}

func BenchmarkRing_Walk(b *testing.B) {
	r := bigRing(b, 100, 4096)
	key := []byte("user:12345678")
	b.ReportAllocs()
	for b.Loop() {
		p := r.PartitionOf(key)
		_, _ = r.Walk(p), r.Gaining(p)
	}
}

func BenchmarkNewRing(b *testing.B) {
	for _, c := range []struct{ members, q int }{{5, 256}, {100, 4096}} {
		b.Run(fmt.Sprintf("%d_of_%d", c.members, c.q), func(b *testing.B) {
			var founders []Member
			for i := range c.members {
				founders = append(founders, member(fmt.Sprintf("node-%d", i)))
			}
			s := NewState("test", c.q, threeOfFive(), founders...)
			b.ReportAllocs()
			for b.Loop() {
				NewRing(s)
			}
		})
	}
}

// BenchmarkJoin_ThousandthOf16384 plans a join as a node does that hears of it: the target
// of the transition, and the ring that requests use from then on.
func BenchmarkJoin_ThousandthOf16384(b *testing.B) {
	for _, zones := range []int{1, 3} {
		b.Run(fmt.Sprintf("zones_%d", zones), func(b *testing.B) {
			var founders []Member
			for i := range 999 {
				m := member(fmt.Sprintf("node-%d", i))
				m.Zone = fmt.Sprintf("zone-%d", i%zones)
				founders = append(founders, m)
			}
			joiner := member("node-999")
			joiner.Zone = "zone-0"
			before := NewState("test", Slots, threeOfFive(), founders...)
			b.ReportAllocs()
			for b.Loop() {
				s := before.Clone()
				if err := s.Join(joiner); err != nil {
					b.Fatal(err)
				}
				if view := NewRing(s); len(view.Gains(IDOf("node-999"))) == 0 {
					b.Fatal("the joiner gains nothing")
				}
			}
		})
	}
}

func BenchmarkDecodeState_100Of4096(b *testing.B) {
	var founders []Member
	for i := range 100 {
		founders = append(founders, member(fmt.Sprintf("node-%d", i)))
	}
	encoded := NewState("test", 4096, threeOfFive(), founders...).Encode()
	b.SetBytes(int64(len(encoded)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeState(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

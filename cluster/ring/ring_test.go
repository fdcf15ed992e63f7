package ring

import (
	"testing"
)

func testMember(name string) Member {
	return Member{ID: IDOf(name), Name: name, ClientAddr: name + ":6379", PeerAddr: name + ":7946", AdminAddr: name + ":8001", Instance: "i-" + name}
}

func TestState_JoinAndFlip_RoundTrips(t *testing.T) {
	s := NewState("c", 256, Quorums{N: 3, R: 2, W: 2}, testMember("A"))
	for _, name := range []string{"B", "C", "D", "E"} {
		if err := s.Join(testMember(name)); err != nil {
			t.Fatal(err)
		}
		r := NewRing(s)
		for _, id := range r.Pending() {
			if err := s.MarkDone(id, s.Target()); err != nil {
				t.Fatal(err)
			}
		}
		if !s.Advance() {
			t.Fatal("no flip")
		}
		d, err := DecodeState(s.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if d.Digest() != s.Digest() {
			t.Fatal("digest")
		}
		r = NewRing(d)
	}
}

package ring

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestState_Encode_RoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := randomNodes(t)[0]
		decoded, err := DecodeState(s.Encode())
		check(t, err)
		wantSame(t, s, decoded)
		wantSound(t, decoded)
	})
}

func TestDecodeState_RefusesWhatEncodeCannotMake(t *testing.T) {
	s := ringOf("A", "B")
	check(t, s.Join(member("C")))
	s.Started(IDOf("A"), 7)
	s.Started(IDOf("A"), 9)
	good := string(s.Encode())
	if _, err := DecodeState([]byte(good)); err != nil {
		t.Fatal(err)
	}
	id := formatID(IDOf("C"))
	for _, c := range []struct{ what, from, to string }{
		{"a format of the future", `"format":2`, `"format":3`},
		{"a field that is not known", `"format":2`, `"format":2,"x":0`},
		{"no cluster id", `"cluster":"test"`, `"cluster":""`},
		{"partitions that are no power of two", `"partitions":64`, `"partitions":63`},
		{"other partitions than owners", `"partitions":64`, `"partitions":128`},
		{"impossible quorums", `"r":2`, `"r":4`},
		{"a version too great", `"n_version":1`, `"n_version":2`},
		{"an id that is not its name's", `"name":"C"`, `"name":"D"`},
		{"an id that is no number", id, strings.Repeat("g", 16)},
		{"a short id", id, id[:15]},
		{"an unknown intent", `"intent":"in"`, `"intent":"on"`},
		{"a Lamport clock used up", `"word_version":1,`, `"word_version":9007199254740993,`},
		{"a zone's version too great", `"zone_version":1,`, `"zone_version":9007199254740993,`},
		{"incarnations out of order", `0009","0000`, `0007","0000`},
		{"an incarnation zero", `"0000000000000007"`, `"0000000000000000"`},
		{"layout number zero", `"epoch":1`, `"epoch":0`},
		{"a layout of no replicas", `"epoch":1,"n":3`, `"epoch":1,"n":0`},
		{"an owner without a seat", `"owners":[0`, `"owners":[2`},
		{"an owner before all seats", `"owners":[0`, `"owners":[-1`},
		{"a second value", `}`, `} {`},
		{"no layout", `"layout"`, `"Layout2"`},
	} {
		bad := strings.Replace(good, c.from, c.to, 1)
		if c.what == "a second value" {
			bad = good + "{}"
		}
		if bad == good {
			t.Fatalf("%s: %q is not in %s", c.what, c.from, good)
		}
		if _, err := DecodeState([]byte(bad)); !errors.Is(err, ErrBadState) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	for i := range len(good) {
		if _, err := DecodeState([]byte(good[:i])); err == nil {
			t.Fatalf("the first %d bytes of %d decode", i, len(good))
		}
	}
	if _, err := DecodeState(make([]byte, MaxEncoded+1)); !errors.Is(err, ErrBadState) {
		t.Errorf("too many bytes: %v", err)
	}
}

// TestDecodeState_FirstFormat_IsReadAsTheSameRing has the form of version 0.1.0, in which
// the zone was part of the word.
func TestDecodeState_FirstFormat_IsReadAsTheSameRing(t *testing.T) {
	m := member("A")
	m.Zone = "x"
	want := NewState("test", 2, Quorums{N: 1, R: 1, W: 1}, m)
	got, err := DecodeState([]byte(`{"format":1,"cluster":"test","partitions":2,` +
		`"quorums":{"n":1,"r":1,"w":1,"version":1,"n_version":1},` +
		`"members":[{"id":"` + formatID(m.ID) + `","name":"A","client_addr":"A:6379","peer_addr":"A:7946","admin_addr":"A:8001",` +
		`"version":1,"intent":"in","zone":"x","instance":"disk of A","word_version":1,"done":"0000000000000000","done_version":0}],` +
		`"layout":{"epoch":1,"n":1,"seats":[{"id":"` + formatID(m.ID) + `","zone":"x"}],"owners":[0,0]}}`))
	check(t, err)
	wantSame(t, want, got)
}

func FuzzDecodeState(f *testing.F) {
	s := NewState("test", 4, threeOfFive(), member("A"), member("B"))
	f.Add(s.Encode())
	if err := s.Join(member("C")); err != nil {
		f.Fatal(err)
	}
	f.Add(s.Encode())
	if err := s.Remove(IDOf("B")); err != nil {
		f.Fatal(err)
	}
	f.Add(s.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeState(b)
		if err != nil {
			return
		}
		wantSound(t, s)
		again, err := DecodeState(s.Encode())
		check(t, err)
		if !bytes.Equal(s.Encode(), again.Encode()) || s.Digest() != again.Digest() {
			t.Fatal("decoding what was encoded gives another state")
		}
		// A state from outside must not be able to stop the words that follow.
		if s.Join(member("Z")) == nil {
			wantSound(t, s)
		}
		if s.Flip() {
			wantSound(t, s)
		}
	})
}

// The form is on disks, and nodes of different versions exchange it: it changes only with
// its format number. The digest is compared between nodes.
func TestState_Encode_Golden(t *testing.T) {
	a := member("A")
	a.Zone = "x"
	s := NewState("test", 4, Quorums{N: 2, R: 1, W: 2}, a, member("B"))
	check(t, s.Join(member("C")))
	s.Started(IDOf("B"), 0x0102030405060708)
	s.Started(IDOf("A"), 9)
	check(t, s.MarkDone(s.Pending()[0], NewRing(s).Target()))
	check(t, s.Vacate(IDOf("A")))
	check(t, s.Leave(IDOf("B")))
	const want = `{"format":2,"cluster":"test","partitions":4,"quorums":{"n":2,"r":1,"w":2,"version":1,"n_version":1},"members":[{"id":"13099d40d095b684","name":"A","client_addr":"A:6379","peer_addr":"A:7946","admin_addr":"A:8001","version":1,"intent":"in","zone":"x","zone_version":1,"instance":"disk of A","vacant":true,"last_start":"0000000000000009","word_version":4,"done":"0000000000000000","done_version":0,"incarnations":["0000000000000009"]}` +
		`,{"id":"13fc4b62f74907d4","name":"C","client_addr":"C:6379","peer_addr":"C:7946","admin_addr":"C:8001","version":2,"intent":"in","zone":"","zone_version":2,"instance":"disk of C","word_version":2,"done":"45dbb65623b18108","done_version":3}` +
		`,{"id":"6d69e28f063257f9","name":"B","client_addr":"B:6379","peer_addr":"B:7946","admin_addr":"B:8001","version":1,"intent":"out","zone":"","zone_version":1,"instance":"disk of B","word_version":5,"done":"0000000000000000","done_version":0,"incarnations":["0102030405060708"]}]` +
		`,"layout":{"epoch":1,"n":2,"seats":[{"id":"13099d40d095b684","zone":"x"},{"id":"6d69e28f063257f9","zone":""}],"owners":[0,1,0,1]}}`
	if got := string(s.Encode()); got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	if got := s.Digest(); got != goldenDigest {
		t.Errorf("digest %#x, want %#x", got, uint64(goldenDigest))
	}
}

const goldenDigest = 0x72a60beb0498fd04

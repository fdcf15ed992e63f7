package peer

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"golang.org/x/sync/semaphore"
)

// checker answers at once, and keeps a copy of what came.
type checker struct{ bodies [][]byte }

func (k *checker) ServePeer(reqs []*Request) {
	for _, r := range reqs {
		k.bodies = append(k.bodies, bytes.Clone(r.Body))
		r.Reply(r.Body)
	}
}

// readScript feeds bytes to a stream's reader and returns what it made of them.
func readScript(in, chunk []byte, maxFrame int) ([][]byte, error) {
	k := &checker{}
	c := &Channel{
		cfg:     Config{MaxFrame: maxFrame, InboundBytes: int64(maxFrame), ClusterID: func() string { return "c" }},
		handler: k, started: time.Now(), inbound: semaphore.NewWeighted(int64(maxFrame)),
		arriving: semaphore.NewWeighted(int64(maxFrame)),
	}
	c.cfg.setDefaults()
	s := c.newStream(&script{in: in, chunk: chunk, done: make(chan struct{})}, 2, "B", Foreground, nil)
	err := s.readAll()
	return k.bodies, err
}

func frames(bodies ...[]byte) (wire []byte) {
	for i, b := range bodies {
		sum, n := bodySum([][]byte{b})
		wire = append(header{length: uint32(n), kind: Write, id: uint64(i), sum: sum}.append(wire), b...)
	}
	return wire
}

func FuzzReader(f *testing.F) {
	f.Add(frames([]byte("one"), nil, []byte("three")), []byte{0, 5})
	f.Add(frames(bytes.Repeat([]byte("x"), readBuffer+5), []byte("y")), []byte{255})
	f.Add(header{length: 1 << 19, kind: Write}.append(nil), []byte{1})
	f.Add(piece(1, 70_000, []byte("first")), []byte{9})
	f.Add(header{kind: kindPing, id: 1}.append(nil), []byte(nil))
	f.Add(header{kind: Write, flags: flagReply}.append(nil), []byte(nil))
	f.Fuzz(func(t *testing.T, in, chunk []byte) {
		bodies, err := readScript(bytes.Clone(in), chunk, 1<<20)
		if err == nil {
			t.Fatal("the reader ended without a cause")
		}
		whole, _ := readScript(bytes.Clone(in), nil, 1<<20)
		if len(whole) != len(bodies) {
			t.Fatalf("%d frames in one piece, %d in many", len(whole), len(bodies))
		}
		for i := range bodies {
			if !bytes.Equal(whole[i], bodies[i]) {
				t.Fatalf("frame %d depends on how it arrives", i)
			}
		}
	})
}

func TestReader_FramesOfAllSizes_ArriveWholeHoweverCut(t *testing.T) {
	var bodies [][]byte
	for _, size := range []int{0, 1, 200, readBuffer - headerSize, readBuffer - headerSize + 1, readBuffer, 300 << 10, 5, firstGrow + 1} {
		bodies = append(bodies, bytes.Repeat([]byte{byte(size + 1)}, size))
	}
	for range maxBatch + 9 {
		bodies = append(bodies, []byte("small"))
	}
	for _, chunk := range [][]byte{nil, {255}, {7, 200, 23}, {23, 0}} {
		got, err := readScript(frames(bodies...), chunk, 8<<20)
		if errors.Is(err, errMalformed) || len(got) != len(bodies) {
			t.Fatalf("chunks %v: %d of %d frames, %v", chunk, len(got), len(bodies), err)
		}
		for i := range got {
			if !bytes.Equal(got[i], bodies[i]) {
				t.Fatalf("chunks %v: frame %d of %d bytes differs", chunk, i, len(bodies[i]))
			}
		}
	}
}

func FuzzHello(f *testing.F) {
	h := hello{version: 1, oldest: 1, node: 7, name: "A", cluster: "c", instance: "i"}
	f.Add(h.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		withLane := append(bytes.Clone(b), 0) // a hello before version 3 has none
		if h, err := parseHello(b); err == nil && !bytes.HasPrefix(withLane, h.append(nil)) {
			t.Fatalf("%x was read as %+v", b, h)
		}
	})
}

func FuzzHandshake(f *testing.F) {
	h := hello{version: 1, oldest: 1, node: 7, name: "A", cluster: "c"}
	valid := appendMessage(nil, tagHello, h.append(nil))
	f.Add(valid)
	f.Add(appendMessage(valid, tagProof, nil))
	f.Add(appendMessage(nil, tagRefusal, []byte{1, 'x'}))
	f.Fuzz(func(t *testing.T, in []byte) {
		c := &Channel{cfg: Config{Self: 1, Name: "B", Secret: "secret", ClusterID: func() string { return "c" }}}
		admit := func(*hello) error { t.Fatal("let in without a proof"); return nil }
		conn := func() *script { return &script{in: bytes.Clone(in), done: make(chan struct{})} }
		if err := c.newHandshake(purposePeer, Foreground, 0, 0).accept(conn(), admit); err == nil {
			t.Fatal("accepted")
		}
		if err := c.newHandshake(purposePeer, Foreground, 0, 7).dial(conn()); err == nil {
			t.Fatal("dialled")
		}
	})
}

// A proof recorded from one handshake, or reflected, opens no other.
func TestHandshake_PlayedBack_IsRefused(t *testing.T) {
	network := newMemory()
	host, err := New(Config{Self: 1, Name: "H", Secret: "s", ClusterID: func() string { return "c" }}, network.bind(t, "10.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- host.Run(ctx, echo{}) }() // waited for below
	defer func() { cancel(); <-ended }()

	newcomer := &Channel{cfg: Config{Self: 2, Name: "G", Secret: "s", ClusterID: func() string { return "c" }}}
	first := newcomer.newHandshake(purposePeer, Foreground, 0, 1)
	conn, err := network.DialContext(t.Context(), "10.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.dial(conn); err != nil {
		t.Fatalf("an honest handshake: %v", err)
	}
	_ = conn.Close()
	for name, proof := range map[string][]byte{
		"played back": first.prove(roleDialler),
		"reflected":   first.prove(roleAcceptor),
		"empty":       nil,
	} {
		conn, err := network.DialContext(t.Context(), "10.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(appendMessage([]byte(magic), tagHello, first.ours.raw)); err != nil {
			t.Fatal(err)
		}
		if _, err := expectMessage(conn, tagHello); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(appendMessage(nil, tagProof, proof)); err != nil {
			t.Fatal(err)
		}
		_, err = expectMessage(conn, tagAccept)
		if refused := (*RefusedError)(nil); !errors.As(err, &refused) || refused.Reason != RefusedSecret || !refused.ByPeer {
			t.Errorf("%s proof: %v", name, err)
		}
		_ = conn.Close()
	}
}

func TestHandshake_Judgement(t *testing.T) {
	member := hello{version: 3, oldest: 2, node: 1, name: "A", cluster: "c"}
	other := func(change func(*hello)) *hello { h := member; h.node = 2; change(&h); return &h }
	for name, test := range map[string]struct {
		newcomer *hello
		want     Refusal // 0: let in
	}{
		"a member":                   {other(func(h *hello) { h.expect = 1 }), 0},
		"newer, but speaks ours":     {other(func(h *hello) { h.version = 9 }), 0},
		"too new":                    {other(func(h *hello) { h.version, h.oldest = 9, 4 }), RefusedVersion},
		"too old":                    {other(func(h *hello) { h.version, h.oldest = 1, 1 }), RefusedVersion},
		"another cluster":            {other(func(h *hello) { h.cluster = "d" }), RefusedCluster},
		"wants another node":         {other(func(h *hello) { h.expect = causal.NodeID(9) }), RefusedNode},
		"no cluster, wants a stream": {other(func(h *hello) { h.cluster = "" }), RefusedNotJoined},
		"no cluster, one call":       {other(func(h *hello) { h.cluster, h.purpose = "", purposeCall }), 0},
	} {
		h := &handshake{ours: member, peer: *test.newcomer} // the acceptor's side
		err := h.checkCompatible()
		refused := (*RefusedError)(nil)
		if errors.As(err, &refused); (err == nil) != (test.want == 0) || err != nil && refused.Reason != test.want {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

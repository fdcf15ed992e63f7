package peer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// piece returns a frame with a first piece of a body.
func piece(id uint64, total int, body []byte) []byte {
	parts := [][]byte{binary.BigEndian.AppendUint64(nil, uint64(total)), body}
	sum, n := bodySum(parts)
	wire := header{length: uint32(n), kind: Write, flags: flagPiece, id: id, sum: sum}.append(nil)
	return append(append(wire, parts[0]...), body...)
}

// nextPiece returns a frame with a later piece.
func nextPiece(id uint64, kind Kind, body []byte) []byte {
	sum, n := bodySum([][]byte{body})
	return append(header{length: uint32(n), kind: kind, flags: flagPiece, id: id, sum: sum}.append(nil), body...)
}

// vault echoes, but holds large bodies until its gate is closed.
type vault struct{ gate chan struct{} }

func (v *vault) ServePeer(reqs []*Request) {
	if len(reqs[0].Body) > wholeBody {
		<-v.gate
	}
	echo{}.ServePeer(reqs)
}

// inVault runs a test with a channel to a peer with the id 2, which serves as a vault.
func inVault(t *testing.T, mostBytes int, f func(t *testing.T, a *Channel, v *vault)) {
	synctest.Test(t, func(t *testing.T) {
		network := newMemory()
		v := &vault{gate: make(chan struct{})}
		var ends []*Channel
		for i, addr := range []string{"10.0.0.1:7946", "10.0.0.2:7946"} {
			c, err := New(Config{
				Self: causal.NodeID(i + 1), Name: addr, ClusterID: func() string { return "c" },
				MaxFrame: mostBytes, InboundBytes: int64(mostBytes),
			}, network.bind(t, addr))
			if err != nil {
				t.Fatal(err)
			}
			var run sync.WaitGroup
			run.Go(func() { _ = c.Run(t.Context(), v) })
			defer run.Wait()
			defer c.Close()
			ends = append(ends, c)
		}
		ends[0].SetPeers(map[causal.NodeID]string{2: ends[1].Addr()})
		time.Sleep(time.Second + watchTick/2)
		f(t, ends[0], v)
	})
}

// announced is a completion that keeps what it is told.
type announced struct {
	size int
	done chan error
	body []byte
}

func (a *announced) Announce(size int) { a.size = size }

func (a *announced) Complete(_ causal.NodeID, body []byte, err error) {
	a.body = bytes.Clone(body)
	a.done <- err
}

func TestPieces_LargeBody_LetsSmallOnesPass_BothWays(t *testing.T) {
	inVault(t, 32<<20, func(t *testing.T, a *Channel, v *vault) {
		large := &announced{done: make(chan error, 1)}
		body := bytes.Repeat([]byte("0123456789abcdef!"), wholeBody/8)
		a.Send(2, Foreground, Read, body, large)
		for range 5 { // while it travels
			if _, err := a.Call(t.Context(), 2, Foreground, Read, []byte("small")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second) // while it is served, for longer than the peer's wait time
		if !a.Available(2) {
			t.Error("a peer that serves a large body is unavailable")
		}
		time.Sleep(time.Second + DefaultRequestTimeout/2)
		select {
		case err := <-large.done:
			t.Fatalf("the large body was answered before its time: %v", err)
		default:
		}
		close(v.gate)
		for range 5 { // while the answer travels
			if _, err := a.Call(t.Context(), 2, Foreground, Read, []byte("small")); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-large.done; err != nil || !bytes.Equal(large.body, body) || large.size != len(body) {
			t.Errorf("%d bytes came back, announced as %d: %v", len(large.body), large.size, err)
		}
	})
}

func TestPieces_SmallFrame_GoesBeforeTheRestOfALargeBody(t *testing.T) {
	c := &Channel{cfg: Config{MaxFrame: 32 << 20}, started: time.Now()}
	s := c.newStream(nil, 2, "B", Foreground, c.newRemote(2, ""))
	s.pieces = true
	s.addLocked(header{length: 16 << 20, kind: Write, id: 7}, [][]byte{make([]byte, 16<<20)})
	s.fillLocked()
	s.takePiecesLocked()
	if n := s.writer.box.bytes; n == 0 || n > 1<<20 {
		t.Errorf("the first write has %d bytes", n)
	}
	s.releaseLocked()
	s.addLocked(header{length: 5, kind: Read, id: 8}, [][]byte{[]byte("small")})
	s.fillLocked()
	s.takePiecesLocked()
	if h, err := parseHeader(s.writer.box.buf); err != nil || h.id != 8 {
		t.Errorf("the second write begins with request %d, %v", h.id, err)
	}
}

func TestPieces_BeyondTheBudget_AreRefused_AndTheStreamGoesOn(t *testing.T) {
	inVault(t, 5<<20, func(t *testing.T, a *Channel, v *vault) {
		first := make(chan error, 1)
		a.Send(2, Foreground, Read, make([]byte, 3<<20), completion(func(err error) { first <- err }))
		synctest.Wait()
		var refused *RemoteError
		_, err := a.Call(t.Context(), 2, Foreground, Read, make([]byte, 3<<20))
		if !errors.As(err, &refused) || !strings.Contains(refused.Message, ErrTooMuch.Error()) {
			t.Errorf("the second large body ended with %v", err)
		}
		close(v.gate)
		if err := <-first; err != nil {
			t.Errorf("the first large body ended with %v", err)
		}
		synctest.Wait()
		if _, err := a.Call(t.Context(), 2, Foreground, Read, make([]byte, 3<<20)); err != nil {
			t.Errorf("a large body after the first: %v", err)
		}
	})
}

func TestReader_MalformedPieces_BreakTheStream(t *testing.T) {
	join := func(frames ...[]byte) []byte { return bytes.Join(frames, nil) }
	for name, in := range map[string][]byte{
		"no total":        nextPiece(1, Write, []byte("short")),
		"total 0":         piece(1, 0, []byte("x")),
		"total too large": piece(1, 1<<20+1, []byte("x")),
		"more than total": join(piece(1, 4, []byte("abc")), nextPiece(1, Write, []byte("de"))),
		"another kind":    join(piece(1, 4, []byte("abc")), nextPiece(1, Read, []byte("d"))),
		"an empty piece":  join(piece(1, 4, []byte("abc")), nextPiece(1, Write, nil)),
		"a piece of a reply": func() []byte {
			b := piece(1, 4, []byte("abc"))
			h, _ := parseHeader(b)
			h.flags |= flagReply
			return append(h.append(nil), b[headerSize:]...)
		}(),
	} {
		if _, err := readScript(in, nil, 1<<20); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReader_AnnouncedPieces_TakeNoMemoryBeforeTheyArrive(t *testing.T) {
	in := piece(1, 500<<20, make([]byte, 1000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = readScript(in, nil, 544<<20)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 4*firstGrow {
		t.Errorf("the word of a peer cost %d bytes", took)
	}
}

func TestPendings_Allowance_OutlivesTheTimeout(t *testing.T) {
	var p pendings
	large := p.add(unawaited{}, Write, 1)
	p.add(unawaited{}, Read, 2)
	p.allow(p.find(large), 10)
	if late := p.expire(5, nil); len(late) != 1 || late[0].kind != Read {
		t.Errorf("expired: %+v", late)
	}
	if late := p.expire(12, nil); len(late) != 1 || late[0].kind != Write {
		t.Errorf("expired: %+v", late)
	}
}

func TestPieces_BodyThatWasSent_IsNotKept(t *testing.T) {
	c := &Channel{cfg: Config{MaxFrame: 32 << 20}, started: time.Now()}
	s := c.newStream(nil, 2, "B", Foreground, c.newRemote(2, ""))
	s.pieces = true
	for id := range uint64(3) {
		s.addLocked(header{length: 3 << 20, kind: Write, id: id}, [][]byte{make([]byte, 3<<20)})
	}
	for len(s.mu.parcels) > 0 {
		s.fillLocked()
		s.takePiecesLocked()
		s.releaseLocked()
	}
	for _, p := range s.mu.parcels[:cap(s.mu.parcels)] {
		if p != nil {
			t.Errorf("the stream keeps the body of request %d", p.header.id)
		}
	}
}

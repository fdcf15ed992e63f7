package peer

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// laneLog answers requests, and notes their bodies by lane. It holds the reader of lane 1
// until its gate is closed.
type laneLog struct {
	gate   chan struct{} // which lane 1 waits for
	mu     sync.Mutex
	bodies map[Lane][]string
}

func (l *laneLog) ServePeer(reqs []*Request) {
	for _, r := range reqs {
		lane := r.stream.lane
		if lane == 1 {
			<-l.gate
		}
		l.mu.Lock()
		l.bodies[lane] = append(l.bodies[lane], string(r.Body))
		l.mu.Unlock()
		r.Reply(nil)
	}
}

// inLanes runs a test with two channels, whose ids are 1 and 2.
func inLanes(t *testing.T, lanes int, f func(t *testing.T, a, b *Channel, log *laneLog)) {
	synctest.Test(t, func(t *testing.T) {
		network := newMemory()
		log := &laneLog{gate: make(chan struct{}), bodies: make(map[Lane][]string)}
		var ends []*Channel
		for i, addr := range []string{"10.0.0.1:7946", "10.0.0.2:7946"} {
			c, err := New(Config{
				Self: causal.NodeID(i + 1), Name: addr, Lanes: lanes, ClusterID: func() string { return "c" },
			}, network.bind(t, addr))
			if err != nil {
				t.Fatal(err)
			}
			var run sync.WaitGroup
			run.Go(func() { _ = c.Run(t.Context(), log) })
			defer run.Wait()
			defer c.Close()
			ends = append(ends, c)
		}
		a, b := ends[0], ends[1]
		a.SetPeers(map[causal.NodeID]string{2: b.Addr()})
		time.Sleep(time.Second + watchTick/2) // out of step with the watchdog's pings
		f(t, a, b, log)
	})
}

func TestLanes_BlockedLane_LeavesTheOthersAlone_AndKeepsItsOrder(t *testing.T) {
	const lanes = 4
	inLanes(t, lanes, func(t *testing.T, a, _ *Channel, log *laneLog) {
		done := make(chan error, 100)
		var want []string
		for i := range cap(done) {
			body := fmt.Sprint(i)
			if i%lanes == 1 {
				want = append(want, body)
			}
			a.SendLane(2, Lane(i%lanes), Write, Body{Head: []byte(body)}, completion(func(err error) { done <- err }))
		}
		synctest.Wait()
		if len(done) != cap(done)*3/4 {
			t.Errorf("%d requests are answered while one lane of %d is blocked", len(done), lanes)
		}
		close(log.gate)
		synctest.Wait()
		for range cap(done) {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(log.bodies[1], want) {
			t.Errorf("lane 1 got %v, want %v", log.bodies[1], want)
		}
	})
}

func TestLanes_BrokenLane_IsReplacedByTheFirst(t *testing.T) {
	inLanes(t, 2, func(t *testing.T, a, b *Channel, log *laneLog) {
		close(log.gate)
		send := func(body string) {
			done := make(chan error, 1)
			a.SendLane(2, 1, Write, Body{Head: []byte(body)}, completion(func(err error) { done <- err }))
			if err := <-done; err != nil {
				t.Fatalf("%s: %v", body, err)
			}
		}
		send("stands")
		_ = b.sockets.Listener.Close() // so that it is not dialled anew
		a.remote(2).streams[streamIndex(Foreground, 1)].Load().fail(errSilent)
		send("broken")
		if !slices.Equal(log.bodies[1], []string{"stands"}) || !slices.Equal(log.bodies[0], []string{"broken"}) {
			t.Errorf("the lanes got %v", log.bodies)
		}
	})
}

func TestLanes_SilentLane_MakesThePeerUnavailable(t *testing.T) {
	inLanes(t, 2, func(t *testing.T, a, _ *Channel, log *laneLog) {
		a.SendLane(2, 1, Write, Body{}, unawaited{})
		time.Sleep(time.Second)
		if a.Available(2) {
			t.Error("a peer that does not read one of its lanes is available")
		}
		close(log.gate)
		time.Sleep(time.Second)
		if !a.Available(2) {
			t.Error("a peer that reads again is not available")
		}
	})
}

// A node of version 2 would take the second lane for a duplicate of the first.
func TestLanes_OldPeer_GetsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := newMemory()
		old := network.bind(t, "10.0.0.2:7946")
		c, err := New(Config{Self: 1, Name: "A", Lanes: 3, ClusterID: func() string { return "c" }}, network.bind(t, "10.0.0.1:7946"))
		if err != nil {
			t.Fatal(err)
		}
		var run sync.WaitGroup
		run.Go(func() { _ = c.Run(t.Context(), echo{}) })
		dialled := make(map[Lane]int)
		run.Go(func() {
			for {
				conn, err := old.Listener.Accept()
				if err != nil {
					return
				}
				var first [len(magic)]byte
				h := c.newHandshake(purposePeer, Foreground, 0, 0)
				h.ours.node, h.ours.version = 2, versionLanes-1
				h.ours.raw = h.ours.append(nil)
				_, err = io.ReadFull(conn, first[:])
				if err == nil {
					err = h.accept(conn, func(*hello) error { return nil })
				}
				if err != nil {
					t.Errorf("handshake: %v", err)
				}
				dialled[h.peer.lane]++
			}
		})
		c.SetPeers(map[causal.NodeID]string{2: "10.0.0.2:7946"})
		time.Sleep(2 * time.Second)
		if r := c.remote(2); r.stream(streamIndex(Foreground, 2)) == nil || r.stream(streamIndex(Foreground, 2)) != r.streams[Foreground].Load() {
			t.Error("lane 2 does not go by the first")
		}
		c.Close()
		_ = old.Listener.Close()
		run.Wait()
		if len(dialled) != 1 || dialled[0] != classes {
			t.Errorf("dialled by lane: %v", dialled)
		}
	})
}

func TestLanesFor_TwoProcessors_One(t *testing.T) {
	for processors, want := range map[int]int{0: 1, 1: 1, 2: 1, 4: 2, 8: 4, 64: MaxLanes} {
		if got := LanesFor(processors); got != want {
			t.Errorf("%d processors: %d lanes, want %d", processors, got, want)
		}
	}
}

package peer

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// gate is an echo that can be frozen: while it is, the streams' readers hang in
// it, as all of a stopped process does.
type gate struct {
	mu     sync.Mutex
	frozen chan struct{}
}

func (g *gate) freeze() {
	g.mu.Lock()
	g.frozen = make(chan struct{})
	g.mu.Unlock()
}

func (g *gate) thaw() {
	g.mu.Lock()
	close(g.frozen)
	g.frozen = nil
	g.mu.Unlock()
}

func (g *gate) ServePeer(reqs []*Request) {
	g.mu.Lock()
	frozen := g.frozen
	g.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	echo{}.ServePeer(reqs)
}

// inBubble starts A and B on a network in memory and calls f with them.
func inBubble(t *testing.T, change func(*Config), f func(t *testing.T, a, b *end, serve *gate)) {
	synctest.Test(t, func(t *testing.T) {
		network := newMemory()
		serve := &gate{}
		var ends []*end
		for i, name := range []string{"A", "B"} {
			cfg := Config{
				Self: causal.NodeID(name[0]), Name: name,
				ClusterID: func() string { return "cluster" },
			}
			if change != nil {
				change(&cfg)
			}
			c, err := New(cfg, network.bind(t, []string{"10.0.0.1:7946", "10.0.0.2:7946"}[i]))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var run sync.WaitGroup
			run.Go(func() { _ = c.Run(ctx, serve) })
			e := &end{Channel: c, stop: func() { cancel(); run.Wait() }}
			defer e.stop()
			ends = append(ends, e)
		}
		a, b := ends[0], ends[1]
		a.SetPeers(map[causal.NodeID]string{b.id(): b.Addr()})
		b.SetPeers(map[causal.NodeID]string{a.id(): a.Addr()})
		time.Sleep(time.Second)
		if !a.Available(b.id()) || !b.Available(a.id()) {
			t.Fatal("the two do not see each other after a second")
		}
		f(t, a, b, serve)
	})
}

func (e *end) ask(to *end, class Class, kind Kind) chan error {
	done := make(chan error, 1)
	e.Send(to.id(), class, kind, []byte("ask"), completion(func(err error) { done <- err }))
	return done
}

func TestChannel_FrozenPeer_IsUnavailableSoonAndAvailableWhenItAnswers(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, serve *gate) {
		serve.freeze()
		done := a.ask(b, Foreground, Read)
		time.Sleep(150 * time.Millisecond) // the default wait time is 100 ms
		if a.Available(b.id()) {
			t.Error("a frozen peer is still available after 150 ms")
		}
		if err := <-done; !errors.Is(err, ErrTimeout) {
			t.Errorf("a request to a frozen peer ended with %v", err)
		}
		time.Sleep(6 * time.Second) // less than writeTimeout: a pipe buffers nothing
		if a.Available(b.id()) {
			t.Error("a peer that stays frozen became available")
		}
		dials := a.sockets.Dialer.(*memory).dialled()
		serve.thaw()
		time.Sleep(50 * time.Millisecond)
		if !a.Available(b.id()) {
			t.Error("a thawed peer is not available after 50 ms")
		}
		if now := a.sockets.Dialer.(*memory).dialled(); now != dials {
			t.Errorf("%d dials to reach a peer that never went away", now-dials)
		}
	})
}

func TestChannel_IdlePeerFreezes_IsFoundOutByPings(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, serve *gate) {
		serve.freeze()
		b.ask(a, Foreground, Read) // holds the reader of b's stream at a
		a.ask(b, Background, Read) // does not touch the foreground
		time.Sleep(50 * time.Millisecond)
		if b.Available(a.id()) != true {
			t.Error("unavailable before its wait time has passed")
		}
		time.Sleep(5 * time.Second)
		if b.Available(a.id()) {
			t.Error("a frozen peer is available after 5 s without a request")
		}
		if !a.Available(b.id()) {
			t.Error("a stuck background stream makes a peer unavailable")
		}
		serve.thaw()
	})
}

func TestChannel_IdleStreams_ArePingedTogether(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, _ *gate) {
		time.Sleep(300 * time.Millisecond)
		if err := <-a.ask(b, Foreground, Read); err != nil { // out of step with the other stream
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second) // both fall into step
		rounds := make(map[int64]bool)
		pingDone := make(map[Class]bool)
		for range 5000 {
			time.Sleep(watchTick)
			for _, r := range *a.remotes.Load() {
				for i := range r.streams {
					s := r.streams[i].Load()
					s.mu.Lock()
					rounds[s.mu.lastPing] = true
					s.mu.Unlock()
					pingDone[s.class] = true
				}
			}
		}
		if len(pingDone) != classes || len(rounds) > 53 {
			t.Errorf("%d times in 50 s, over %d classes of streams; want one a second", len(rounds), len(pingDone))
		}
	})
}

func TestChannel_SlowRequest_IsNoSilence(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, _ *gate) {
		done := a.ask(b, Foreground, Count) // never answered, by a peer that lives
		for range 150 {
			time.Sleep(10 * time.Millisecond)
			if !a.Available(b.id()) {
				t.Fatal("a peer that answers pings is unavailable")
			}
		}
		if err := <-done; !errors.Is(err, ErrTimeout) {
			t.Errorf("an unanswered request ended with %v", err)
		}
	})
}

// TestChannel_Silent_IsPingedOnce: pings that nobody answers yet would keep a machine busy
// on which everybody is late, and so keep everybody late.
func TestChannel_Silent_IsPingedOnce(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, serve *gate) {
		for range 1000 { // fast answers, so that silence begins soon
			if err := <-a.ask(b, Foreground, Read); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * updateEvery)
		serve.freeze()
		a.ask(b, Foreground, Read)
		pings := make(map[int64]bool)
		for range 90 {
			time.Sleep(watchTick)
			s := (*a.remotes.Load())[b.id()].streams[Foreground].Load()
			s.mu.Lock()
			pings[s.mu.lastPing] = true
			s.mu.Unlock()
		}
		if a.Available(b.id()) {
			t.Error("a frozen peer is available")
		}
		if len(pings) > 3 { // the one before, the one of this silence, and the ordinary one
			t.Errorf("pinged %d times in less than a second", len(pings)-1)
		}
		serve.thaw()
	})
}

// TestChannel_Silent_IsLoggedAfterAWhile: a peer is left out at once, and a pause of a busy
// machine is no news.
func TestChannel_Silent_IsLoggedAfterAWhile(t *testing.T) {
	var log bytes.Buffer
	record := func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }
	warned := func() int {
		synctest.Wait() // nobody is writing
		return strings.Count(log.String(), "peer does not answer")
	}
	inBubble(t, record, func(t *testing.T, a, b *end, serve *gate) {
		for range 3 {
			serve.freeze()
			a.ask(b, Foreground, Read)
			time.Sleep(500 * time.Millisecond)
			if a.Available(b.id()) || warned() != 0 {
				t.Errorf("after half a second: available %v, log:\n%s", a.Available(b.id()), log.String())
			}
			serve.thaw()
			time.Sleep(100 * time.Millisecond)
		}
		serve.freeze()
		a.ask(b, Foreground, Read)
		time.Sleep(5 * time.Second)
		if warned() != 1 {
			t.Errorf("after five seconds: log:\n%s", log.String())
		}
		serve.thaw()
	})
}

func TestChannel_SilentForLong_IsDialledAnew(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, serve *gate) {
		serve.freeze()
		a.ask(b, Foreground, Read)
		dials := a.sockets.Dialer.(*memory).dialled()
		time.Sleep(20 * time.Second)
		if a.sockets.Dialer.(*memory).dialled() == dials {
			t.Error("a stream silent for 20 s was not given up")
		}
		serve.thaw()
		time.Sleep(6 * time.Second)
		if !a.Available(b.id()) {
			t.Error("not available again")
		}
	})
}

func TestChannel_Timeouts_DependOnTheClass(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, _ *gate) {
		began := time.Now()
		fore, back := a.ask(b, Foreground, Count), a.ask(b, Background, Count)
		for _, test := range []struct {
			done  chan error
			least time.Duration
		}{{fore, a.cfg.RequestTimeout}, {back, a.cfg.BackgroundTimeout}} {
			err := <-test.done
			if took := time.Since(began); !errors.Is(err, ErrTimeout) || took < test.least || took > test.least+50*time.Millisecond {
				t.Errorf("ended with %v after %v, want a time-out after %v", err, took, test.least)
			}
		}
	})
}

func TestChannel_PeerComesBack_IsReachedAgain(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, serve *gate) {
		b.Close()
		synctest.Wait()
		if a.Available(b.id()) {
			t.Fatal("the dead is available")
		}
		time.Sleep(time.Minute) // the back-off is at its longest
		again, err := New(b.cfg, b.sockets.Dialer.(*memory).bind(t, b.Addr()))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		defer run.Wait()
		defer cancel()
		run.Go(func() { _ = again.Run(ctx, serve) })
		a.Trigger(b.id())
		time.Sleep(10 * time.Millisecond)
		if !a.Available(b.id()) {
			t.Error("not available at once after a poke")
		}
		if _, err := a.Call(t.Context(), b.id(), Foreground, Read, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestChannel_DeadPeer_IsDialledEverLessOften(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, _ *gate) {
		b.Close()
		network := a.sockets.Dialer.(*memory)
		before := network.dialled()
		time.Sleep(time.Minute)
		// Two classes, 2.5 to 5 s apart once grown.
		if n := network.dialled() - before; n < 20 || n > 80 {
			t.Errorf("%d dials in a minute", n)
		}
		a.SetPeers(nil)
		time.Sleep(time.Second)
		before = network.dialled()
		time.Sleep(time.Minute)
		if n := network.dialled() - before; n != 0 {
			t.Errorf("%d dials to a peer that is no member any more", n)
		}
	})
}

func TestChannel_Run_AnswersWhatItIsServing(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, serve *gate) {
		serve.freeze()
		done := a.ask(b, Foreground, Read)
		time.Sleep(10 * time.Millisecond)
		time.AfterFunc(100*time.Millisecond, serve.thaw)
		began := time.Now()
		b.stop()
		if err := <-done; err != nil {
			t.Errorf("a request that was being served ended with %v", err)
		}
		if took := time.Since(began); took > 200*time.Millisecond {
			t.Errorf("stopping took %v", took)
		}
	})
}

func TestChannel_Run_DoesNotWaitForEver(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, a, b *end, serve *gate) {
		done := a.ask(b, Foreground, Count)
		time.Sleep(10 * time.Millisecond)
		began := time.Now()
		b.stop()
		if took := time.Since(began); took > b.cfg.DrainTimeout+100*time.Millisecond {
			t.Errorf("stopping took %v", took)
		}
		if err := <-done; !errors.Is(err, ErrUnavailable) {
			t.Errorf("a request that nobody answers ended with %v", err)
		}
	})
}

func TestChannel_FullQueue_FailsAtOnce(t *testing.T) {
	small := func(c *Config) { c.QueueBytes, c.QueueFrames = 64<<10, 32 }
	inBubble(t, small, func(t *testing.T, a, b *end, serve *gate) {
		serve.freeze()
		defer serve.thaw()
		var refused, taken int
		for range 100 {
			done := a.ask(b, Foreground, Read)
			select {
			case err := <-done:
				if !errors.Is(err, ErrUnavailable) {
					t.Fatal(err)
				}
				refused++
			default:
				taken++
			}
		}
		if taken < 31 || taken > 32 { // a ping may hold a place
			t.Errorf("%d taken, %d refused: want 32 and 68", taken, refused)
		}
		big := make([]byte, 60<<10)
		bigs := make(chan error, 3)
		for range cap(bigs) {
			a.Send(b.id(), Background, Write, big, completion(func(err error) { bigs <- err }))
		}
		// The first is being written, to a reader that does not read it whole.
		if err := <-bigs; !errors.Is(err, ErrUnavailable) || len(bigs) != 1 {
			t.Errorf("%v, and %d more of three bodies that are too much: want two refused", err, len(bigs))
		}
	})
}

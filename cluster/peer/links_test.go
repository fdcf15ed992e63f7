package peer

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/sim/poll"
)

func set(t *testing.T, l *fault.Links, all ...fault.Link) {
	t.Helper()
	if err := l.Set(all); err != nil {
		t.Fatal(err)
	}
}

// trio starts three channels that know each other, over the same links.
func trio(t *testing.T) (a, b, c *end, l *fault.Links) {
	l = new(fault.Links)
	change := func(cfg *Config) {
		cfg.Links, cfg.SilenceTimeout, cfg.HandshakeTimeout = l, 300*time.Millisecond, time.Second
	}
	a, b, c = start(t, "A", change), start(t, "B", change), start(t, "C", change)
	addrs := map[causal.NodeID]string{a.id(): a.Addr(), b.id(): b.Addr(), c.id(): c.Addr()}
	for _, e := range []*end{a, b, c} {
		e.SetPeers(addrs)
	}
	awaitAvailable(t, []*end{a, b, c}, []*end{a, b, c})
	return a, b, c, l
}

func awaitAvailable(t *testing.T, from, to []*end) {
	t.Helper()
	poll.Until(t, "all see each other", func() bool {
		for _, x := range from {
			for _, y := range to {
				if x != y && !x.Available(y.id()) {
					return false
				}
			}
		}
		return true
	})
}

func asks(t *testing.T, from, to *end) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := from.Call(ctx, to.id(), Foreground, Write, []byte("x"))
	return err
}

func TestChannel_PartitionedAndHealed_FindsItsPeersAgain(t *testing.T) {
	a, b, c, l := trio(t)
	set(t, l,
		fault.Link{From: a.Addr(), To: b.Addr(), Cut: true}, fault.Link{From: b.Addr(), To: a.Addr(), Cut: true},
		fault.Link{From: a.Addr(), To: c.Addr(), Cut: true}, fault.Link{From: c.Addr(), To: a.Addr(), Cut: true})
	for _, e := range []*end{b, c} {
		if asks(t, a, e) == nil || asks(t, e, a) == nil {
			t.Fatal("an answer came through the cut")
		}
		poll.Until(t, "the streams are given up", func() bool {
			return a.remote(e.id()).streams[Foreground].Load() == nil && e.remote(a.id()).streams[Foreground].Load() == nil
		})
	}
	if err := errors.Join(asks(t, b, c), asks(t, c, b)); err != nil {
		t.Errorf("on the other side of the cut: %v", err)
	}
	set(t, l)
	awaitAvailable(t, []*end{a, b, c}, []*end{a, b, c})
	if err := errors.Join(asks(t, a, b), asks(t, b, a), asks(t, a, c), asks(t, c, a)); err != nil {
		t.Errorf("after healing: %v", err)
	}
}

func TestChannel_CutOneWay_NeitherGetsAnswers(t *testing.T) {
	a, b, c, l := trio(t)
	set(t, l, fault.Link{From: a.Addr(), To: b.Addr(), Cut: true})
	if asks(t, a, b) == nil || asks(t, b, a) == nil {
		t.Error("an answer came although one way is cut")
	}
	if err := errors.Join(asks(t, a, c), asks(t, c, a), asks(t, b, c), asks(t, c, b)); err != nil {
		t.Errorf("on the links that are whole: %v", err)
	}
	set(t, l)
	awaitAvailable(t, []*end{a}, []*end{b})
	awaitAvailable(t, []*end{b}, []*end{a})
}

func TestChannel_ShortCut_KeepsTheStream(t *testing.T) {
	l := new(fault.Links)
	a, b := pair(t, func(c *Config) { c.Links = l })
	stream := a.remote(b.id()).streams[Foreground].Load()
	set(t, l, fault.Link{From: b.Addr(), To: a.Addr(), Cut: true})
	if asks(t, a, b) == nil {
		t.Fatal("an answer came through the cut")
	}
	set(t, l)
	poll.Until(t, "the peer answers again", func() bool { return asks(t, a, b) == nil })
	if a.remote(b.id()).streams[Foreground].Load() != stream {
		t.Error("the stream was given up")
	}
}

func TestChannel_StoppedBehindACut_LeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	a, b, c, l := trio(t)
	set(t, l,
		fault.Link{From: a.Addr(), To: b.Addr(), Cut: true}, fault.Link{From: b.Addr(), To: a.Addr(), Cut: true},
		fault.Link{From: b.Addr(), To: c.Addr(), Delay: fault.MaxDelay}, fault.Link{From: c.Addr(), To: a.Addr(), Loss: 1})
	_ = asks(t, a, b)
	poll.Until(t, "A redials", func() bool { return a.remote(b.id()).streams[Foreground].Load() == nil })
	for _, e := range []*end{a, b, c} {
		e.Close()
		e.stop()
	}
	poll.Until(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

func TestChannel_SlowLink_AnswersComeLate(t *testing.T) {
	l := new(fault.Links)
	a, b := pair(t, func(c *Config) { c.Links, c.RequestTimeout = l, 20*time.Second })
	const delay = 30 * time.Millisecond
	set(t, l, fault.Link{From: a.Addr(), To: b.Addr(), Delay: delay}, fault.Link{From: b.Addr(), To: a.Addr(), Delay: delay})
	for _, size := range []int{0, inlineBody + 1, 3 << 20} { // in one part and in several
		began := time.Now()
		got, err := a.Call(t.Context(), b.id(), Foreground, Write, make([]byte, size))
		if err != nil || len(got) != size {
			t.Fatalf("%d bytes: %d came back, %v", size, len(got), err)
		}
		if took := time.Since(began); took < 2*delay {
			t.Errorf("%d bytes took %v with a delay of %v each way", size, took, delay)
		}
	}
}

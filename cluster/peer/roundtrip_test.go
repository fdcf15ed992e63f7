package peer

import (
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/sim/poll"
)

func TestRoundTrip_Mean_FollowsAndIsForgotten(t *testing.T) {
	var r roundTrip
	const second = int64(time.Second)
	if got := r.get(100*second, 5*time.Second); got != 0 {
		t.Errorf("nothing was measured: %v", got)
	}
	r.record(100*second, 8*time.Millisecond)
	r.record(101*second, 4*time.Millisecond)
	if got := r.get(106*second, 5*time.Second); got != 6*time.Millisecond {
		t.Errorf("mean: %v", got)
	}
	if got := time.Duration(r.least.Load()); got != 4*time.Millisecond {
		t.Errorf("least: %v", got)
	}
	if got := r.get(106*second+1, 5*time.Second); got != 0 {
		t.Errorf("long ago: %v", got)
	}
}

func TestChannel_SlowLink_ShowsInTheRoundTrip(t *testing.T) {
	l := new(fault.Links)
	a, b := pair(t, func(c *Config) { c.Links, c.PingInterval = l, 20*time.Millisecond })
	poll.Until(t, "a ping is answered", func() bool { return a.Status()[b.id()].RoundTrip > 0 })
	const delay = 30 * time.Millisecond
	set(t, l, fault.Link{From: a.Addr(), To: b.Addr(), Delay: delay})
	poll.Until(t, "the delay shows", func() bool { return a.Status()[b.id()].RoundTrip >= delay*3/4 })
}

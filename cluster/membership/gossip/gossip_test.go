package gossip

import (
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestGossip_BeforeStart_MayBeAskedAndTold(t *testing.T) {
	g, err := New(Config{Self: 1, Name: "A", PeerAddr: "127.0.0.1:7"})
	if err != nil {
		t.Fatal(err)
	}
	g.SetMembers(map[ring.NodeID]string{2: "127.0.0.1:8"})
	g.Rejoin(2)
	g.Announce(3)
	g.AnnounceSettings()
	if got := g.Observe(2); got.State != Unknown {
		t.Errorf("it sees %v", got)
	}
	if g.Health() != 0 || g.Interval() <= 0 {
		t.Errorf("health %d, interval %v", g.Health(), g.Interval())
	}
}

func TestNew_WrongSettings_AreRefused(t *testing.T) {
	for name, cfg := range map[string]Config{
		"profile": {PeerAddr: "127.0.0.1:7", Profile: "moon"},
		"address": {PeerAddr: "127.0.0.1"},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("wrong %s: accepted", name)
		}
	}
}

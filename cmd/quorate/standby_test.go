package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// standby opens a node that waits, and runs it until stop is called.
func standby(t *testing.T, args ...string) (p *process, stop func()) {
	t.Helper()
	cli, err := parse(t, append([]string{"server", "--standby", "--name", "S", "--partitions", "16", "--gossip-profile", "local"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	c := &cli.Server
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	node, client := c.settings.configs(c.settings.node.Store.Dir, slog.New(slog.DiscardHandler))
	node.ClientAddr, node.AdminAddr = client.Addr, c.address.admin
	h, err := newStandby(node, client, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group errgroup.Group
	group.Go(func() error { return h.Run(ctx) })
	p = &process{own: h, supervisors: new(supervisors), links: new(fault.Links)}
	p.supervisors.add(h)
	stopped := false
	stop = func() {
		if cancel(); !stopped {
			stopped = true
			if err := group.Wait(); err != nil {
				t.Errorf("the node ended with %v", err)
			}
		}
	}
	t.Cleanup(stop)
	return p, stop
}

func TestProcess_Standby_WaitsForTheRequestAndRemembersIt(t *testing.T) {
	d, _ := startDemo(t, "--nodes", "2")
	args := []string{"--data-dir", t.TempDir(), "--client-addr", "127.0.0.1:" + freePort(t), "--peer-addr", "127.0.0.1:" + freePort(t)}
	p, stop := standby(t, args...)
	if _, err := p.Node(); !errors.Is(err, admin.ErrStandby) {
		t.Errorf("before: %v", err)
	}
	for what, err := range map[string]error{"kill": p.Kill("S"), "revive": p.Revive("S")} {
		if !errors.Is(err, admin.ErrStandby) {
			t.Errorf("%s before: %v", what, err)
		}
	}
	for _, through := range [][]string{nil, {"nonsense"}, {":1"}, make([]string, maxThrough+1)} {
		if err := p.Join(through); !errors.Is(err, admin.ErrBadPeerAddr) {
			t.Errorf("join through %q: %v", through, err)
		}
	}
	if err := p.Join([]string{d.nodes[0].member.PeerAddr}); err != nil {
		t.Fatal(err)
	}
	l := lives(t, p.own)
	if len(l.node.Membership().Ring().Members()) != 3 {
		t.Errorf("members %v", l.node.Membership().Ring().Members())
	}
	if err := p.Join([]string{d.nodes[0].member.PeerAddr}); !errors.Is(err, admin.ErrAlready) {
		t.Errorf("join again: %v", err)
	}
	stop()
	p, _ = standby(t, args...)
	lives(t, p.own) // it needs no telling now
}

func TestProcess_StandbyThatIsRefused_WaitsAgainAndSaysWhy(t *testing.T) {
	d, _ := startDemo(t, "--nodes", "1")
	p, _ := standby(t, "--data-dir", t.TempDir(), "--partitions", "32",
		"--client-addr", "127.0.0.1:"+freePort(t), "--peer-addr", "127.0.0.1:"+freePort(t))
	if err := p.Join([]string{d.nodes[0].member.PeerAddr}); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the refusal", func() bool {
		_, err := p.Node()
		return errors.Is(err, admin.ErrStandby) && bytes.Contains([]byte(err.Error()), []byte("has 16 partitions, the node was made for 32"))
	})
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// freePort returns a port that no process holds just now.
func freePort(t *testing.T) string {
	t.Helper()
	const first, last, each = 9000, 9990, 10 // each for all nodes of a demo
	for range (last - first) / each {
		port := first + int(portsTaken.Add(each))%(last-first)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = l.Close()
			return strconv.Itoa(port)
		}
	}
	t.Fatalf("no port is free from %d to %d", first, last)
	return ""
}

// portsTaken is how far freePort has come. Its ports lie below those of outgoing
// connections, one of which might take a port before its node does.
var portsTaken atomic.Int32

// startDemo runs a small demo until the test ends, and returns it with what the
// admin port of its first node may do.
func startDemo(t *testing.T, args ...string) (*demo, *process) {
	t.Helper()
	d, p, stop := startDemoIn(t, t.TempDir(), args...)
	t.Cleanup(stop)
	return d, p
}

// startDemoIn starts a demo in a directory that outlives it; the caller calls stop.
func startDemoIn(t *testing.T, dir string, args ...string) (d *demo, p *process, stop func()) {
	t.Helper()
	cli, err := parse(t, append([]string{"demo", "--partitions", "16", "--client-port", freePort(t), "--peer-port", freePort(t), "--admin-port", freePort(t)}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := cli.Demo.check(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err = cli.Demo.assemble(dir, slog.New(slog.DiscardHandler), cancel, nil)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	var group errgroup.Group
	ready := make(chan struct{})
	group.Go(func() error { return d.run(ctx, func() { close(ready) }) })
	stop = func() {
		cancel()
		if err := group.Wait(); err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	}
	<-ready
	return d, &process{own: d.nodes[0].supervisor, supervisors: &d.supervisors, links: d.links, addNode: func(asking context.Context) (string, error) { return d.addNode(asking, ctx) }}, stop
}

// lives waits until the node of a supervisor serves.
func lives(t *testing.T, h *supervisor) *life {
	t.Helper()
	var l *life
	poll.Until(t, h.name()+" to be ready", func() bool {
		if l, _ = h.state(); l == nil {
			return false
		}
		select {
		case <-l.node.Ready():
			return true
		default:
			return false
		}
	})
	return l
}

func put(h *supervisor, key, value string) error {
	l, why := h.state()
	if l == nil {
		return why
	}
	r := &replica.Request{Key: []byte(key), Update: &register.Update{Kind: register.Set, Data: []byte(value)}}
	l.node.Coordinator().Do(context.Background(), []*replica.Request{r})
	return r.Err
}

func TestProcess_KeptDemo_StartsAgainOnOtherPorts(t *testing.T) {
	dir := t.TempDir()
	d, _, stop := startDemoIn(t, dir, "--nodes", "3")
	if err := put(d.nodes[0].supervisor, "k", "v"); err != nil {
		t.Fatal(err)
	}
	stop()
	d, _, stop = startDemoIn(t, dir, "--nodes", "3") // on ports that are free now
	defer stop()
	for _, n := range d.nodes {
		l := lives(t, n.supervisor)
		r := &replica.Request{Key: []byte("k"), R: 3}
		poll.Until(t, n.supervisor.name()+" to find the others", func() bool {
			l.node.Coordinator().Do(t.Context(), []*replica.Request{r})
			return r.Err == nil
		})
		if len(r.Object.Siblings) != 1 || string(r.Object.Siblings[0].Data) != "v" {
			t.Errorf("through %s: %+v", n.supervisor.name(), r.Object)
		}
	}
}

func TestProcess_KeptDemo_StartsWhatWasAddedToo(t *testing.T) {
	dir := t.TempDir()
	d, p, stop := startDemoIn(t, dir, "--nodes", "2")
	for _, want := range []string{"C", "D"} {
		if name, err := p.AddNode(t.Context()); err != nil || name != want {
			t.Fatalf("added %q, %v, want %s", name, err, want)
		}
	}
	atRest := func(l *life) bool {
		view := l.node.Membership().Ring()
		return view.Seated() == 3 && !view.InTransition()
	}
	first := lives(t, d.nodes[0].supervisor)
	poll.Until(t, "four to share the ring", func() bool {
		return first.node.Membership().Ring().Seated() == 4 && !first.node.Membership().Ring().InTransition()
	})
	if err := first.node.Membership().Changes().Leave(t.Context(), ring.IDOf("C")); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "C to have left", func() bool { return atRest(first) })
	if err := put(d.nodes[0].supervisor, "k", "v"); err != nil {
		t.Fatal(err)
	}
	stop()
	d, p, stop = startDemoIn(t, dir, "--nodes", "2") // on ports that are free now
	defer stop()
	if len(d.nodes) != 4 {
		t.Fatalf("%d nodes were started, want A, B, D, and C, who says that it has left", len(d.nodes))
	}
	for _, i := range []int{0, 1, 3} {
		l := lives(t, d.nodes[i].supervisor)
		poll.Until(t, d.nodes[i].supervisor.name()+" to find the others", func() bool {
			for _, j := range []int{0, 1, 3} {
				if !l.node.Membership().Alive(d.nodes[j].member.ID) {
					return false
				}
			}
			return atRest(l)
		})
		r := &replica.Request{Key: []byte("k"), R: 3}
		l.node.Coordinator().Do(t.Context(), []*replica.Request{r})
		if r.Err != nil || len(r.Object.Siblings) != 1 || string(r.Object.Siblings[0].Data) != "v" {
			t.Errorf("through %s: %+v, %v", d.nodes[i].supervisor.name(), r.Object, r.Err)
		}
	}
	poll.Until(t, "C to have ended", func() bool { l, _ := d.nodes[2].supervisor.state(); return l == nil })
	if name, err := p.AddNode(t.Context()); err != nil || name != "E" {
		t.Errorf("added %q, %v, want E", name, err)
	}
}

func TestProcess_DemoWhoseFounderFails_EndsWithItsError(t *testing.T) {
	cli, err := parse(t, "demo", "--nodes", "2", "--partitions", "16", "--client-port", freePort(t), "--peer-port", freePort(t), "--admin-port", freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := cli.Demo.check(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d, err := cli.Demo.assemble(t.TempDir(), slog.New(slog.DiscardHandler), cancel, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := d.nodes[1].supervisor.state()
	l.node.Crash()
	if err := d.run(ctx, func() { t.Error("the demo says that it is ready") }); err == nil || !strings.Contains(err.Error(), "node B: ") {
		t.Errorf("the demo ended with %v", err)
	}
}

func TestProcess_Demo_GrowsAndNewNodesAreLikeTheOthers(t *testing.T) {
	d, p := startDemo(t, "--nodes", "2")
	if !p.Demo() || !p.Chaos() {
		t.Error("a demo may grow, and break things")
	}
	for _, want := range []string{"C", "D"} {
		if name, err := p.AddNode(t.Context()); err != nil || name != want {
			t.Fatalf("added %q, %v, want %s", name, err, want)
		}
	}
	added := p.supervisors.find("D")
	l := lives(t, added)
	poll.Until(t, "a ring of four at rest", func() bool {
		view := l.node.Membership().Ring()
		return view.Seated() == 4 && !view.InTransition()
	})
	if m, ok := l.node.Membership().Ring().Member(ring.IDOf("D")); !ok || m.AdminAddr == d.nodes[0].member.AdminAddr {
		t.Errorf("D on the ring: %+v", m)
	}
	port := api.NewClient(api.Config{Addr: added.node.AdminAddr})
	defer port.Close()
	poll.Until(t, "its own admin port", func() bool { return port.Ready(t.Context()) == nil })
	if err := p.Kill("D"); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "D to be killed", func() bool { _, why := added.state(); return errors.Is(why, admin.ErrKilled) })
	if err := p.Kill("D"); !errors.Is(err, admin.ErrAlready) {
		t.Errorf("killed again: %v", err)
	}
	if err := p.Revive("D"); err != nil {
		t.Fatal(err)
	}
	lives(t, added)
	if err := p.Revive("D"); !errors.Is(err, admin.ErrAlready) {
		t.Errorf("revived again: %v", err)
	}
	if err := l.node.Membership().Changes().Leave(t.Context(), ring.IDOf("D")); err == nil {
		t.Error("a life that is over did something")
	}
	if err := lives(t, d.nodes[0].supervisor).node.Membership().Changes().Leave(t.Context(), ring.IDOf("D")); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "D to leave", func() bool { _, why := added.state(); return errors.Is(why, admin.ErrGone) })
	for what, err := range map[string]error{"kill": p.Kill("D"), "revive": p.ReviveEmpty("D")} {
		if !errors.Is(err, admin.ErrGone) {
			t.Errorf("%s one that has left: %v", what, err)
		}
	}
	if err := p.Kill("Z"); !errors.Is(err, admin.ErrNotHere) {
		t.Errorf("kill of a node that is not: %v", err)
	}
	if err := p.Join([]string{"127.0.0.1:1"}); !errors.Is(err, admin.ErrAlready) {
		t.Errorf("join of a node that runs: %v", err)
	}
}

func TestProcess_Demo_NumberOfNodesIsBounded(t *testing.T) {
	d, p := startDemo(t, "--nodes", "1")
	for len(d.supervisors.list()) < maxDemoNodes {
		d.supervisors.add(&supervisor{})
	}
	if name, err := p.AddNode(t.Context()); !errors.Is(err, admin.ErrAlready) {
		t.Errorf("added %q, %v", name, err)
	}
}

func TestProcess_LinksCut_OutliveTheNodeAndHeal(t *testing.T) {
	d, p := startDemo(t, "--nodes", "3")
	c := d.nodes[2]
	var cut []fault.Link
	for _, n := range d.nodes[:2] {
		cut = append(cut, fault.Link{From: c.member.PeerAddr, To: n.member.PeerAddr, Cut: true}, fault.Link{From: n.member.PeerAddr, To: c.member.PeerAddr, Cut: true})
	}
	if err := p.SetLinks(cut); err != nil || len(p.Links()) != 4 {
		t.Fatalf("%v, %v", p.Links(), err)
	}
	if err := p.Kill("C"); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "C to be killed", func() bool { l, _ := c.supervisor.state(); return l == nil })
	if err := p.Revive("C"); err != nil {
		t.Fatal(err)
	}
	if err := put(d.nodes[0].supervisor, "k", "v"); err != nil {
		t.Errorf("a write on the side of two: %v", err)
	}
	revived := lives(t, c.supervisor)
	for _, n := range d.nodes[:2] {
		if revived.node.Membership().Alive(n.member.ID) {
			t.Errorf("C reaches %s through the cut", n.member.Name)
		}
	}
	if err := p.SetLinks([]fault.Link{{From: "nonsense"}}); !errors.Is(err, fault.ErrInvalid) || len(p.Links()) != 4 {
		t.Errorf("a bad fault: %v, then %v", err, p.Links())
	}
	if err := p.SetLinks(nil); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "C to reach the others", func() bool {
		return revived.node.Membership().Alive(d.nodes[0].member.ID) && revived.node.Membership().Alive(d.nodes[1].member.ID)
	})
}

func TestProcess_DiskLost_NodeIsFilledByItself(t *testing.T) {
	d, p := startDemo(t, "--nodes", "3")
	const keys = 200
	for i := range keys {
		if err := put(d.nodes[0].supervisor, fmt.Sprint("k", i), "v"); err != nil {
			t.Fatal(err)
		}
	}
	// With three nodes and N = 3 each of them holds everything.
	roots := func(h *supervisor) string { l, _ := h.state(); return fmt.Sprint(l.node.Store().Merkle().Roots(nil)) }
	want := roots(d.nodes[0].supervisor)
	b := d.nodes[1].supervisor
	poll.Until(t, "the replicas to be equal", func() bool { return roots(b) == want })
	if err := p.Kill("B"); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "B to be killed", func() bool { l, _ := b.state(); return l == nil })
	if err := p.ReviveEmpty("B"); err != nil {
		t.Fatal(err)
	}
	lives(t, b)
	poll.Until(t, "B to be filled", func() bool { return roots(b) == want })
}

func TestProcess_WithoutChaos_BreaksNothing(t *testing.T) {
	p := &process{supervisors: new(supervisors)}
	for what, err := range map[string]error{
		"kill": p.Kill("A"), "revive": p.Revive("A"), "links": p.SetLinks(nil), "clock": p.SetClock("A", time.Second), "disk": p.FillDisk("A"),
	} {
		if !errors.Is(err, admin.ErrChaosForbidden) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if p.Chaos() || p.Demo() || p.Links() != nil {
		t.Error("it says that it may")
	}
	if _, err := p.AddNode(t.Context()); !errors.Is(err, admin.ErrNotDemo) {
		t.Errorf("add: %v", err)
	}
}

// A node that was told to drain refuses new clients until it starts again.
func TestProcess_Drain_EndsWithTheLifeOfTheNode(t *testing.T) {
	d, p := startDemo(t, "--nodes", "1")
	client := func() error {
		conn, err := net.Dial("tcp", d.nodes[0].supervisor.client.Addr)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
			return err
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err == nil && line != "+PONG\r\n" {
			err = errors.New(line)
		}
		return err
	}
	if err := errors.Join(p.Drain(), p.Drain()); err != nil || p.DrainingSince().IsZero() {
		t.Fatalf("%v, since %v", err, p.DrainingSince())
	}
	if err := client(); err == nil || !strings.Contains(err.Error(), "about to be stopped") {
		t.Errorf("a client of a node that drains: %v", err)
	}
	if err := p.Undrain(); err != nil || client() != nil {
		t.Errorf("undone: %v, %v", err, client())
	}
	if err := p.Drain(); err != nil {
		t.Fatal(err)
	}
	if err := p.Kill("A"); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the node is killed", func() bool { _, err := p.Node(); return errors.Is(err, admin.ErrKilled) })
	if err := p.Drain(); !errors.Is(err, admin.ErrKilled) {
		t.Errorf("draining a killed node: %v", err)
	}
	if err := p.Revive("A"); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the node takes clients", func() bool { return client() == nil })
	if !p.DrainingSince().IsZero() {
		t.Error("a drain is remembered across a restart")
	}
}

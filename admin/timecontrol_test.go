package admin

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/engine"
)

func heldNodes(v api.HintHold) (held []string) {
	for _, n := range v.Nodes {
		if n.HeldMillis != 0 {
			held = append(held, n.Node)
		}
	}
	return held
}

func TestHints_Hold_IsAProblemOfEachNodeUntilItIsReleased(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	for _, name := range f.names {
		f.nodes.Eventually("no problem through "+name, func() bool { return len(f.problemsThrough(name)) == 0 })
	}
	held := must[api.HintHold](f, "B", "POST", "/api/hints/hold", nil)
	if got := heldNodes(held); !slices.Equal(got, f.names) || len(held.Missing) > 0 {
		t.Fatalf("held on %q, %q missing, want all", got, held.Missing)
	}
	if got, want := f.problemsThrough("C"), []string{"hints-held A", "hints-held B", "hints-held C"}; !slices.Equal(got, want) {
		t.Errorf("problems %q, want %q", got, want)
	}
	for _, m := range f.view("A").Nodes {
		if m.HintsHeldMillis == 0 {
			t.Errorf("%s is not told to hold its hints in the view of the cluster", m.Name)
		}
	}
	one := must[api.HintHold](f, "A", "POST", "/api/hints/release?local=1", nil)
	if len(one.Nodes) != 1 || one.Nodes[0] != (api.HeldHints{Node: "A"}) {
		t.Errorf("released on A alone: %+v", one)
	}
	if got := heldNodes(must[api.HintHold](f, "C", "POST", "/api/hints/release", nil)); len(got) > 0 {
		t.Errorf("still held on %q", got)
	}
	if got := f.problemsThrough("B"); len(got) > 0 {
		t.Errorf("problems after the release: %q", got)
	}
}

func TestHints_HoldWithoutChaos_IsRefused(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2, "")
	f.ports["A"].chaos.Store(false)
	if r := f.call("A", "POST", "/api/hints/hold", `{}`); r.status != 403 {
		t.Errorf("%d %s, want 403", r.status, r.body)
	}
	held := must[api.HintHold](f, "B", "POST", "/api/hints/hold", nil)
	if got := heldNodes(held); !slices.Equal(got, []string{"B"}) || !slices.Equal(held.Missing, []string{"A"}) {
		t.Errorf("held on %q, %q missing, want B and A", got, held.Missing)
	}
}

func TestClock_SetOff_ReachesTheNodesOwnProcessWithinBounds(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2, "")
	got := must[api.NodeClock](f, "A", "POST", "/api/nodes/B/clock", api.ClockRequest{OffsetMillis: -20_000})
	if offset := f.ports["B"].offset(); got != (api.NodeClock{Node: "B", OffsetMillis: -20_000}) || offset != -20*time.Second || f.ports["A"].offset() != 0 {
		t.Errorf("answer %+v, B is set off by %v, A by %v", got, offset, f.ports["A"].offset())
	}
	for body, want := range map[string]int{`{"offset_ms":30001}`: 400, `{"offset_ms":-30001}`: 400, `{"offset":1}`: 400} {
		if r := f.call("B", "POST", "/api/nodes/B/clock", body); r.status != want {
			t.Errorf("%s: %d %s, want %d", body, r.status, r.body, want)
		}
	}
	if r := f.call("A", "POST", "/api/nodes/X/clock", `{"offset_ms":1}`); r.status != 404 {
		t.Errorf("a node that is not there: %d %s", r.status, r.body)
	}
	f.ports["B"].chaos.Store(false)
	if r := f.call("A", "POST", "/api/nodes/B/clock", `{"offset_ms":0}`); r.status != 403 {
		t.Errorf("without chaos: %d %s", r.status, r.body)
	}
	if offset := f.ports["B"].offset(); offset != -20*time.Second {
		t.Errorf("what was refused has set the clock off by %v", offset)
	}
}

// A disk that counts as full is a problem of its node through every port, until it is free again.
func TestDisk_Filled_MakesTheNodeReadOnlyUntilItIsUnfilled(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2, "")
	got := must[api.NodeDisk](f, "A", "POST", "/api/nodes/B/disk", api.DiskRequest{Full: true})
	if got != (api.NodeDisk{Node: "B", Full: true}) {
		t.Errorf("answer %+v", got)
	}
	for _, name := range f.names {
		f.nodes.Eventually("the problem through "+name, func() bool { return slices.Equal(f.problemsThrough(name), []string{"read-only B"}) })
	}
	if found := must[api.Problems](f, "A", "GET", "/api/problems", nil).Problems; len(found) != 1 || found[0].What != "B refuses writes: disk nearly full, on purpose" ||
		!strings.Contains(found[0].Do, `POST {"full": false} to /api/nodes/B/disk`) {
		t.Errorf("problems %+v", found)
	}
	for _, m := range must[api.Cluster](f, "A", "GET", "/api/cluster", nil).Nodes {
		if m.DiskFilled != (m.Name == "B") {
			t.Errorf("%+v", m)
		}
	}
	if r := f.call("B", "GET", "/readyz", ""); r.status != 503 {
		t.Errorf("it says that it is ready: %d %s", r.status, r.body)
	}
	for path, want := range map[string]int{"/api/nodes/X/disk": 404, "/api/nodes/B/disk": 400} {
		if r := f.call("A", "POST", path, map[int]string{404: `{"full":true}`, 400: `{"empty":true}`}[want]); r.status != want {
			t.Errorf("%s: %d %s, want %d", path, r.status, r.body, want)
		}
	}
	f.ports["B"].chaos.Store(false)
	if r := f.call("A", "POST", "/api/nodes/B/disk", `{}`); r.status != 403 {
		t.Errorf("without chaos: %d %s", r.status, r.body)
	}
	f.ports["B"].chaos.Store(true)
	must[api.NodeDisk](f, "A", "POST", "/api/nodes/B/disk", api.DiskRequest{})
	for _, name := range f.names {
		f.nodes.Eventually("no problem through "+name, func() bool { return len(f.problemsThrough(name)) == 0 })
	}
	if r := f.call("B", "GET", "/readyz", ""); r.status != 200 {
		t.Errorf("it says that it is not ready: %d %s", r.status, r.body)
	}
}

// offset returns what the clock of the port's node was set to.
func (p *port) offset() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clockOffset
}

func (p *port) FillDisk(name string) error { return p.onStore(name, (*engine.Store).FillDisk) }

func (p *port) UnfillDisk(name string) error { return p.onStore(name, (*engine.Store).UnfillDisk) }

func (p *port) onStore(name string, fn func(*engine.Store)) error {
	switch {
	case !p.chaos.Load():
		return ErrChaosForbidden
	case name != p.name:
		return ErrNotHere
	}
	n := p.f.nodes.Node(name)
	if n == nil {
		return ErrKilled
	}
	fn(n.Store())
	return nil
}

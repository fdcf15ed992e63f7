package recovery

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/cluster/testcluster"
	"github.com/quorate/quorate/engine"
)

// refiller is a Scheduler. Each wait for the node to be filled ends when the test says so.
type refiller struct {
	triggered []ring.NodeID // before the last wait began
	waits     chan struct{} // a wait has begun
	filled    chan struct{} // ends it
}

func (r *refiller) Trigger(peer ring.NodeID) { r.triggered = append(r.triggered, peer) }

func (r *refiller) AwaitRefilled(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case r.waits <- struct{}{}:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.filled:
		return nil
	}
}

// patient is node A of three, with a Recovery.
type patient struct {
	*testcluster.Node
	*refiller
	*Recovery
	cluster *testcluster.Cluster
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	c := testcluster.New(t, 4, ring.Quorums{N: 3, R: 2, W: 2}, "A", "B", "C")
	p := &patient{cluster: c, Node: c.Start("A"), refiller: &refiller{waits: make(chan struct{}), filled: make(chan struct{})}}
	p.Recovery = New(Config{Self: p.ID, Ring: c.Ring, Store: p.Store, Scheduler: p.refiller, Now: c.Now})
	return p
}

// recover runs the Recovery until the returned function is called.
func (p *patient) recover(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Recovery.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// A copy from before the grace cannot be filled. Any other one is in doubt until it is.
func TestRecovery_Outdated_RefusesWhatIsOlderThanTheGrace(t *testing.T) {
	const grace = 10 * 24 * time.Hour
	for _, test := range []struct {
		name string
		away time.Duration // since the node was last in sync; 0: it never was
		want error
	}{
		{"never in sync", 0, nil},
		{"a moment ago", time.Second, nil},
		{"nine tenths of the grace ago", grace - grace/10, nil},
		{"longer ago", grace - grace/10 + time.Second, membership.ErrOutdated},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPatient(t)
			if test.away != 0 {
				last := binary.BigEndian.AppendUint64(nil, uint64(p.cluster.Now().Add(-test.away).UnixMilli()))
				if err := p.Store.State().Save("handoff-contact", last); err != nil { // as package handoff does
					t.Fatal(err)
				}
			}
			start := ring.Incarnation(p.cluster.Now().Add(365*24*time.Hour).UnixMilli() << 20)
			if err := p.Outdated(start); !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if got := p.Store.DiskLoss().Doubt(); (got == engine.Outdated) != (test.want == nil) {
				t.Errorf("the data is in doubt as %q", got)
			}
			if test.want != nil {
				return
			}
			o, err := object.Decode(p.Set("k", "v"))
			if err != nil {
				t.Fatal(err)
			}
			if epoch := o.Siblings[0].Dot.Actor.Epoch; epoch <= start {
				t.Errorf("a version is counted in epoch %d, not after the start %d that the disk did not know", epoch, start)
			}
		})
	}
}

func TestRecovery_Marked_IsInDoubtAfterARestartToo(t *testing.T) {
	for doubt, mark := range map[engine.Doubt]func(*Recovery) error{
		engine.Lost:     (*Recovery).Lost,
		engine.Outdated: func(r *Recovery) error { return r.Outdated(1) },
	} {
		p := newPatient(t)
		if p.Unrepaired() {
			t.Fatal("a new node is in doubt")
		}
		if err := mark(p.Recovery); err != nil || !p.Unrepaired() {
			t.Fatalf("%s: %v, in doubt %v", doubt, err, p.Unrepaired())
		}
		if again := p.cluster.LosePower("A"); again.Store.DiskLoss().Doubt() != doubt {
			t.Errorf("%s: after a power cut in doubt as %q", doubt, again.Store.DiskLoss().Doubt())
		}
	}
}

// Run asks every other member to fill the node, and takes the doubt back when they have.
func TestRecovery_Run_IsInDoubtUntilTheOthersHaveFilledTheNode(t *testing.T) {
	p := newPatient(t)
	stop := p.recover(t)
	defer stop()
	if err := p.Lost(); err != nil { // while it runs
		t.Fatal(err)
	}
	p.awaitRefill(t)
	if want := []ring.NodeID{ring.IDOf("B"), ring.IDOf("C")}; !sameNodes(p.triggered, want) {
		t.Errorf("asked %v to fill the node, want %v", p.triggered, want)
	}
	if !p.Unrepaired() {
		t.Fatal("not in doubt any more before it is filled")
	}
	p.fill(t)
}

// What was compared before a new doubt proves nothing about it.
func TestRecovery_InDoubtAnewMeanwhile_IsFilledOnceMore(t *testing.T) {
	p := newPatient(t)
	if err := p.Lost(); err != nil { // before it runs
		t.Fatal(err)
	}
	stop := p.recover(t)
	defer stop()
	p.awaitRefill(t)
	if err := p.Outdated(1); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the first filling to end", func() bool {
		select {
		case p.filled <- struct{}{}:
			return true
		default:
			return false
		}
	})
	p.awaitRefill(t)
	if !p.Unrepaired() {
		t.Error("not in doubt any more after the first filling")
	}
	p.fill(t)
}

func TestRecovery_StoppedBeforeItIsFilled_StaysInDoubt(t *testing.T) {
	p := newPatient(t)
	if err := p.Lost(); err != nil {
		t.Fatal(err)
	}
	stop := p.recover(t)
	p.awaitRefill(t)
	stop()
	if !p.Unrepaired() {
		t.Error("not in doubt any more")
	}
}

// awaitRefill waits until the node waits to be filled.
func (p *patient) awaitRefill(t *testing.T) {
	t.Helper()
	poll.Until(t, "the node to be filled", func() bool {
		select {
		case <-p.waits:
			return true
		default:
			return false
		}
	})
}

// fill lets the node be filled, as often as it asks for that, until it is not in doubt.
func (p *patient) fill(t *testing.T) {
	t.Helper()
	poll.Until(t, "the doubt to end", func() bool {
		select {
		case <-p.waits:
		case p.filled <- struct{}{}:
		default:
		}
		return !p.Unrepaired()
	})
}

func sameNodes(a, b []ring.NodeID) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

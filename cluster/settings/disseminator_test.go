package settings

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// network is a cluster of disseminators without gossip and without sockets.
type network struct {
	t       *testing.T
	members []*member

	mu    sync.Mutex
	calls map[peer.Kind]int
}

// member is one node of a [network], and its [Channel].
type member struct {
	*Disseminator
	net   *network
	id    causal.NodeID
	store *Store
	// announced counts calls of Announce.
	announced int

	old    bool // it does not know the kinds
	silent bool // it does not answer

	mu  sync.Mutex
	cut map[causal.NodeID]bool
}

func newNetwork(t *testing.T, flags ...register.Policy) *network {
	n := &network{t: t, calls: make(map[peer.Kind]int)}
	for i, flag := range flags {
		m := &member{net: n, id: causal.NodeID(i + 1), store: open(t, new(disk), flag), cut: make(map[causal.NodeID]bool)}
		m.Disseminator = NewDisseminator(Config{
			Self: m.id, Store: m.store, Channel: m, Others: m.others, Name: func(id causal.NodeID) string { return fmt.Sprint(id) }, Announce: func() { m.announced++ },
		})
		n.members = append(n.members, m)
	}
	return n
}

func (m *member) others() (ids []causal.NodeID) {
	for _, o := range m.net.members {
		if o.id != m.id {
			ids = append(ids, o.id)
		}
	}
	return ids
}

func (m *member) Available(id causal.NodeID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.cut[id]
}

func (m *member) Call(ctx context.Context, to causal.NodeID, _ peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	if !m.Available(to) {
		return nil, peer.ErrUnavailable
	}
	m.net.mu.Lock()
	m.net.calls[kind]++
	m.net.mu.Unlock()
	other := m.net.members[to-1]
	if other.silent {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var reply []byte
	err := errors.New("unknown kind")
	switch {
	case other.old:
	case kind == peer.SettingsPull:
		reply, err = other.AnswerPull(slices.Clone(body))
	case kind == peer.SettingsPush:
		reply, err = other.AnswerPush(slices.Clone(body))
	}
	if err != nil {
		return nil, &peer.RemoteError{Kind: kind, Message: err.Error()}
	}
	return slices.Clone(reply), nil
}

// cut separates members from all others, or heals that.
func (n *network) cut(apart bool, ids ...causal.NodeID) {
	for _, a := range n.members {
		for _, b := range n.members {
			if slices.Contains(ids, a.id) != slices.Contains(ids, b.id) {
				a.mu.Lock()
				a.cut[b.id] = apart
				a.mu.Unlock()
			}
		}
	}
}

// run runs all members until the test ends. It is for use in a bubble.
func (n *network) run() {
	ctx, cancel := context.WithCancel(n.t.Context())
	var wg sync.WaitGroup
	for _, m := range n.members {
		wg.Go(func() {
			if err := m.Run(ctx); err != nil {
				n.t.Error(err)
			}
		})
	}
	n.t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

func (n *network) want(policy register.Policy) {
	n.t.Helper()
	for _, m := range n.members {
		if got := m.store.Policy(); got != policy {
			n.t.Errorf("node %d has %v, want %v", m.id, got, policy)
		}
		if m.store.Digest() != n.members[0].store.Digest() {
			n.t.Errorf("node %d has another document than node 1", m.id)
		}
	}
}

func (n *network) found(policy register.Policy) {
	for _, m := range n.members {
		check(n.t, m.store.Merge(settings.Founded(policy)))
	}
}

func TestDisseminator_Change_IsEverywhereWhenItReturns(t *testing.T) {
	n := newNetwork(t, register.LWW, register.LWW, register.LWW)
	n.found(register.LWW)
	check(t, n.members[1].Change(t.Context(), to(register.Refuse)))
	n.want(register.Refuse)
}

// A node that has missed a change learns it from the answer to its own.
func TestDisseminator_Change_TakesInWhatOthersHave(t *testing.T) {
	n := newNetwork(t, register.LWW, register.LWW)
	n.cut(true, 1)
	set := func(name string) func(*settings.Document) error {
		return func(d *settings.Document) error { return d.Set(settings.Setting{Writer: 1, Name: name, Value: "on"}) }
	}
	check(t, n.members[1].Change(t.Context(), set("b")))
	n.cut(false, 1)
	check(t, n.members[0].Change(t.Context(), set("a")))
	for _, m := range n.members {
		if got := len(m.store.Document().Settings()); got != 2 {
			t.Errorf("node %d has %d settings", m.id, got)
		}
	}
}

func TestDisseminator_Change_NotSaved_IsNotTold(t *testing.T) {
	n := newNetwork(t, register.LWW, register.LWW)
	gone := errors.New("disk is gone")
	n.members[0].store.disk.(*disk).broken = gone
	if err := n.members[0].Change(t.Context(), to(register.Refuse)); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	n.want(register.LWW)
	if len(n.calls) != 0 {
		t.Errorf("calls %v", n.calls)
	}
}

func TestDisseminator_Change_SilentAndOldMembers_AreNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, register.LWW, register.LWW, register.LWW, register.LWW)
		n.members[1].silent, n.members[2].old = true, true
		start := time.Now()
		check(t, n.members[0].Change(t.Context(), to(register.Refuse)))
		wantPolicy(t, n.members[3].store, register.Refuse)
		if took := time.Since(start); took != callTimeout {
			t.Errorf("it took %v", took)
		}
	})
}

func TestDisseminator_Behind_PullsOnceFromThoseThatDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, register.LWW, register.LWW, register.LWW)
		n.found(register.LWW)
		n.run()
		check(t, n.members[0].store.Update(to(register.Refuse)))
		synctest.Wait()
		if n.members[0].announced == 0 {
			t.Error("a change was not announced")
		}
		for _, m := range n.members[1:] {
			m.Behind(1, m.store.Digest()) // as this node's own
			m.Behind(1, 0)                // nothing there
		}
		synctest.Wait()
		if n.calls[peer.SettingsPull] != 0 {
			t.Fatalf("%d pulls", n.calls[peer.SettingsPull])
		}
		for _, m := range n.members[1:] {
			m.Behind(1, n.members[0].store.Digest())
		}
		synctest.Wait()
		n.want(register.Refuse)
		if n.calls[peer.SettingsPull] != 2 || n.calls[peer.SettingsPush] != 0 {
			t.Errorf("calls %v", n.calls)
		}
	})
}

// The two sides of a split change one setting and one of their own each.
func TestDisseminator_Split_MeetsWhenConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, register.LWW, register.LWW, register.LWW)
		n.found(register.LWW)
		n.run()
		n.cut(true, 1)
		check(t, n.members[0].Change(t.Context(), to(register.Refuse)))
		check(t, n.members[0].Change(t.Context(), to(register.MergeJSON)))
		check(t, n.members[1].Change(t.Context(), func(d *settings.Document) error {
			return errors.Join(d.SetPolicy(2, register.Refuse), d.Set(settings.Setting{Writer: 2, Name: "x", Value: "1"}))
		}))
		wantPolicy(t, n.members[0].store, register.MergeJSON)
		wantPolicy(t, n.members[2].store, register.Refuse)
		n.cut(false, 1)
		n.members[0].Connected(2)
		n.members[1].Connected(1)
		n.members[2].Connected(1)
		synctest.Wait()
		n.want(register.MergeJSON) // of two changes: the greater version
		if _, ok := n.members[0].store.Document().Get("x"); !ok {
			t.Error("the other side's setting is missing")
		}
	})
}

// No message about a change arrives. A pull of one member in its turn brings it.
func TestDisseminator_LostMessages_AreRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, register.LWW, register.LWW, register.LWW, register.LWW)
		n.found(register.LWW)
		n.members[2].silent = true
		n.run()
		check(t, n.members[0].store.Update(to(register.Refuse)))
		synctest.Wait()
		wantPolicy(t, n.members[1].store, register.LWW)
		time.Sleep(time.Duration(len(n.members)) * (repairEvery + callTimeout))
		synctest.Wait()
		n.want(register.Refuse)
	})
}

func TestDisseminator_Repair_TakesMembersInTurnAndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, register.LWW, register.LWW, register.LWW)
		n.found(register.LWW)
		n.run()
		const rounds = 6
		time.Sleep(rounds*repairEvery + time.Second)
		synctest.Wait()
		if got, want := n.calls[peer.SettingsPull], rounds*len(n.members); got != want {
			t.Errorf("%d pulls, want %d", got, want)
		}
		n.cut(true, 1)
		if turn := n.members[0].repair(4); turn != 6 || len(n.members[0].take()) != 0 {
			t.Errorf("alone: turn %d", turn)
		}
		if n.members[1].repair(0); len(n.members[1].take()) != 1 {
			t.Error("the member that can be reached was left out")
		}
	})
}

func TestDisseminator_Fetch(t *testing.T) {
	const patience = 5 * time.Second
	for _, c := range []struct {
		what    string
		prepare func(n *network)
		want    register.Policy
		took    time.Duration
	}{
		{"from the only one that has it", func(n *network) {
			check(n.t, n.members[2].store.Merge(settings.Founded(register.Refuse)))
		}, register.Refuse, 0},
		{"nobody has it", func(*network) {}, register.LWW, 0},
		{"all are older", func(n *network) { n.members[1].old, n.members[2].old = true, true }, register.LWW, patience},
		{"one is older", func(n *network) {
			n.members[1].old = true
			check(n.t, n.members[2].store.Merge(settings.Founded(register.Refuse)))
		}, register.Refuse, 0},
		{"the first is silent", func(n *network) {
			n.members[1].silent = true
			check(n.t, n.members[2].store.Merge(settings.Founded(register.Refuse)))
		}, register.Refuse, callTimeout},
		{"all are cut off", func(n *network) { n.cut(true, 1) }, register.LWW, patience},
		{"it is there later", func(n *network) {
			n.cut(true, 1)
			time.AfterFunc(time.Second, func() {
				check(n.t, n.members[1].store.Merge(settings.Founded(register.Refuse)))
				n.cut(false, 1)
			})
		}, register.Refuse, time.Second},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, register.LWW, register.MergeJSON, register.MergeJSON)
				c.prepare(n)
				start := time.Now()
				n.members[0].Fetch(t.Context(), patience)
				wantPolicy(t, n.members[0].store, c.want)
				if took := time.Since(start); took < c.took || took > c.took+fetchPause {
					t.Errorf("it took %v, want %v", took, c.took)
				}
			})
		})
	}
}

func TestDisseminator_Answers_RefuseMangledBodies(t *testing.T) {
	n := newNetwork(t, register.LWW)
	n.found(register.LWW)
	m := n.members[0]
	before := m.store.Digest()
	for _, body := range [][]byte{nil, {1}, make([]byte, 9)} {
		if _, err := m.AnswerPull(body); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("pull %x: %v", body, err)
		}
		if _, err := m.AnswerPush(body); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("push %x: %v", body, err)
		}
	}
	if m.store.Digest() != before {
		t.Error("the document changed")
	}
	for _, theirs := range []uint64{before, 0} {
		reply, err := m.AnswerPull(wire.AppendUint64(nil, theirs))
		if err != nil || (len(reply) == 0) != (theirs == before) {
			t.Errorf("%d bytes, %v", len(reply), err)
		}
	}
}

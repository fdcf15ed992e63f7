package cluster

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/engine"
)

// agree reports whether all running nodes have one document, with that policy.
func (w *world) agree(policy register.Policy) bool {
	digests := make(map[uint64]bool)
	for _, r := range w.nodes {
		digests[r.settings.Digest()] = true
		if r.Settings().Policy() != policy {
			return false
		}
	}
	return len(digests) == 1
}

func (w *world) setPolicy(through string, p register.Policy) {
	w.t.Helper()
	if err := w.nodes[through].Settings().SetPolicy(w.t.Context(), p); err != nil {
		w.t.Fatalf("policy %v through %s: %v", p, through, err)
	}
}

func TestCluster_SetPolicy_HoldsEverywhereAndSurvivesARestartOfAll(t *testing.T) {
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C")
	w.setPolicy("B", register.Refuse)
	w.eventually("the change to hold everywhere", func() bool { return w.agree(register.Refuse) })
	var stopped []Config
	for _, name := range []string{"A", "B", "C"} {
		stopped = append(stopped, w.nodes[name].cfg)
		w.crash(name)
	}
	for _, cfg := range stopped {
		cfg.Policy = register.MergeJSON // a flag of today does not matter
		if r := w.start(cfg); r.Settings().Policy() != register.Refuse {
			t.Errorf("%s came back with %v", r.Name(), r.Settings().Policy())
		}
	}
	w.settled(3)
	if !w.agree(register.Refuse) {
		t.Error("the nodes differ after a restart of all")
	}
}

func TestCluster_SetPolicyOnBothSidesOfASplit_OneHoldsEverywhere(t *testing.T) {
	w := newWorld(t)
	w.links = new(fault.Links)
	w.start(w.config("A"))
	w.grow("B", "C")
	w.split(w.links, []string{"A"}, []string{"B", "C"})
	w.setPolicy("A", register.MergeJSON)
	w.setPolicy("B", register.LWW)
	w.setPolicy("B", register.Refuse)
	w.eventually("the change to hold on its own side", func() bool { return w.nodes["C"].Settings().Policy() == register.Refuse })
	if got := w.nodes["A"].Settings().Policy(); got != register.MergeJSON {
		t.Fatalf("a change crossed the cut: %v", got)
	}
	if err := w.links.Set(nil); err != nil {
		t.Fatal(err)
	}
	w.eventually("the later change to hold everywhere", func() bool { return w.agree(register.Refuse) })
}

// A change that was not pushed, because its node was down, reaches it when it returns.
func TestCluster_SetPolicyWhileANodeIsDown_ItLearnsThatWhenItReturns(t *testing.T) {
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C")
	cfg := w.nodes["C"].cfg
	w.crash("C")
	w.setPolicy("A", register.Refuse)
	w.start(cfg)
	w.eventually("the node that was down to have it", func() bool { return w.agree(register.Refuse) })
}

// Nobody is told of the change but by gossip.
func TestCluster_SettingsChangedWithoutAPush_AreFoundByTheirDigest(t *testing.T) {
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C")
	if err := w.nodes["A"].settings.Update(func(d *settings.Document) error { return d.SetPolicy(1, register.Refuse) }); err != nil {
		t.Fatal(err)
	}
	w.eventually("all to have it", func() bool { return w.agree(register.Refuse) })
}

func TestCluster_Joiner_HasTheClustersPolicyBeforeItServes(t *testing.T) {
	w := newWorld(t)
	a := w.start(w.config("A"))
	cfg := w.config("B")
	cfg.Policy, cfg.Join = register.Refuse, []string{a.Channel().Addr()}
	if b := w.start(cfg); b.Settings().Policy() != register.LWW || b.settings.Digest() != a.settings.Digest() {
		t.Errorf("against a founder's flag: %v", b.Settings().Policy())
	}
	w.setPolicy("B", register.MergeJSON)
	w.eventually("both to have the change", func() bool { return w.agree(register.MergeJSON) })
	cfg = w.config("C")
	cfg.Policy, cfg.Join = register.Refuse, []string{a.Channel().Addr()}
	if c := w.start(cfg); c.Settings().Policy() != register.MergeJSON {
		t.Errorf("against an operator's change: %v", c.Settings().Policy())
	}
}

// The founders of a cluster have not met yet, and have equal documents.
func TestCluster_FoundersWithEqualFlags_HaveEqualDocuments(t *testing.T) {
	w := newWorld(t)
	founders := []ring.Member{
		{ID: ring.IDOf("A"), Name: "A", PeerAddr: "127.0.0.1:1"},
		{ID: ring.IDOf("B"), Name: "B", PeerAddr: "127.0.0.1:1"},
	}
	for _, m := range founders {
		cfg := w.config(m.Name)
		cfg.Founders, cfg.ClusterID, cfg.Policy = founders, "founded-together", register.Refuse
		w.start(cfg)
	}
	if !w.agree(register.Refuse) || w.nodes["A"].settings.Digest() == 0 {
		t.Error("the documents differ")
	}
}

// forget returns the configuration of a stopped node whose directory was written by a
// version without cluster-wide settings.
func (w *world) forget(cfg Config) Config {
	w.t.Helper()
	open := func(o engine.Options) *engine.Store {
		o.Self, o.Name, o.Partitions = ring.IDOf(cfg.Name), cfg.Name, cfg.Partitions
		s, err := engine.Open(o)
		if err != nil {
			w.t.Fatal(err)
		}
		return s
	}
	old := open(cfg.Store)
	cfg.Store.FS = vfs.NewMem()
	fresh := open(cfg.Store)
	for _, name := range []string{"ring", "instance"} {
		data, err := old.State().Load(name)
		if err == nil {
			err = fresh.State().Save(name, data)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for _, s := range []*engine.Store{old, fresh} {
		if err := s.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	return cfg
}

func TestCluster_UpgradedNode_TakesTheClustersPolicyNotItsFlag(t *testing.T) {
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B")
	digest := w.nodes["A"].settings.Digest()
	cfg := w.nodes["B"].cfg
	w.crash("B")
	cfg = w.forget(cfg)
	cfg.Policy = register.Refuse
	w.start(cfg)
	if !w.agree(register.LWW) || w.nodes["A"].settings.Digest() != digest {
		t.Errorf("A has %v, B has %v", w.nodes["A"].Settings().Policy(), w.nodes["B"].Settings().Policy())
	}
}

func TestNode_Upgraded_WritesItsFlagAsTheWeakestValue(t *testing.T) {
	w := newWorld(t)
	a := w.start(w.config("A"))
	cfg := a.cfg
	w.crash("A")
	cfg = w.forget(cfg)
	cfg.Policy = register.Refuse
	a = w.start(cfg)
	if a.settings.Digest() != settings.Assumed(register.Refuse).Digest() {
		t.Errorf("%+v", a.settings.Document().Settings())
	}
	w.setPolicy("A", register.LWW)
	cfg = a.cfg
	w.crash("A")
	if a = w.start(cfg); a.Settings().Policy() != register.LWW {
		t.Errorf("after a restart: %v", a.Settings().Policy())
	}
}

func TestNode_SetPolicy_NotSaved_IsAnError(t *testing.T) {
	w := newWorld(t)
	a := w.start(w.config("A"))
	w.crash("A")
	if err := a.Settings().SetPolicy(t.Context(), register.Refuse); err == nil || a.Settings().Policy() != register.LWW {
		t.Errorf("%v, policy %v", err, a.Settings().Policy())
	}
}

// No member has settings: the flag of a node that has just joined is in force on it, and
// is not written.
func TestNode_JoinsAClusterWithoutSettings_WritesNone(t *testing.T) {
	w := newWorld(t)
	cfg := w.config("A")
	cfg.Policy = register.Refuse
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.state.Adopt(ring.NewState("old", cfg.Partitions, ring.Quorums{N: 1, R: 1, W: 1}, ring.Member{Name: "A", PeerAddr: n.Channel().Addr()})); err != nil {
		t.Fatal(err)
	}
	if err := n.disseminator.Await(t.Context(), settingsPatience, nil); err != nil || n.settings.Digest() != 0 || n.Settings().Policy() != register.Refuse {
		t.Errorf("%v, %+v, policy %v", err, n.Settings().Document().Settings(), n.Settings().Policy())
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := n.Run(ended); err != nil {
		t.Error(err)
	}
}

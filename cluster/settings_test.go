package cluster_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/testnodes"
	"github.com/quorate/quorate/engine"
)

// agree reports whether all running nodes have one document, with that policy.
func agree(w *testnodes.Cluster, policy register.Policy) bool {
	digests := make(map[uint64]bool)
	for _, n := range w.All() {
		digests[n.Settings().Digest()] = true
		if n.Settings().Policy() != policy {
			return false
		}
	}
	return len(digests) == 1
}

func setPolicy(t *testing.T, n *testnodes.Node, p register.Policy) {
	t.Helper()
	if err := n.Settings().SetPolicy(t.Context(), p); err != nil {
		t.Fatalf("policy %v through %s: %v", p, n.Name(), err)
	}
}

func TestCluster_SetPolicy_HoldsEverywhereAndSurvivesARestartOfAll(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	setPolicy(t, w.Node("B"), register.Refuse)
	w.Eventually("the change to hold everywhere", func() bool { return agree(w, register.Refuse) })
	var stopped []cluster.Config
	for _, name := range []string{"A", "B", "C"} {
		stopped = append(stopped, w.Crash(name))
	}
	for _, cfg := range stopped {
		cfg.Policy = register.MergeJSON // a flag of today does not matter
		if r := w.Start(cfg); r.Settings().Policy() != register.Refuse {
			t.Errorf("%s came back with %v", r.Name(), r.Settings().Policy())
		}
	}
	w.Settle()
	if !agree(w, register.Refuse) {
		t.Error("the nodes differ after a restart of all")
	}
}

func TestCluster_SetPolicyOnBothSidesOfASplit_OneHoldsEverywhere(t *testing.T) {
	w := testnodes.New(t)
	w.Links = new(fault.Links)
	w.Grow("A", "B", "C")
	w.Split([]string{"A"}, []string{"B", "C"})
	setPolicy(t, w.Node("A"), register.MergeJSON)
	setPolicy(t, w.Node("B"), register.LWW)
	setPolicy(t, w.Node("B"), register.Refuse)
	w.Eventually("the change to hold on its own side", func() bool { return w.Node("C").Settings().Policy() == register.Refuse })
	if got := w.Node("A").Settings().Policy(); got != register.MergeJSON {
		t.Fatalf("a change crossed the cut: %v", got)
	}
	w.SetLinks()
	w.Eventually("the later change to hold everywhere", func() bool { return agree(w, register.Refuse) })
}

// A change that was not pushed, because its node was down, reaches it when it returns.
func TestCluster_SetPolicyWhileANodeIsDown_ItLearnsThatWhenItReturns(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	cfg := w.Crash("C")
	setPolicy(t, w.Node("A"), register.Refuse)
	w.Start(cfg)
	w.Eventually("the node that was down to have it", func() bool { return agree(w, register.Refuse) })
}

// Nobody is told of the change but by gossip.
func TestCluster_SettingsChangedWithoutAPush_AreFoundByTheirDigest(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	if err := cluster.SettingsOf(w.Node("A").Node).Update(func(d *settings.Document) error { return d.SetPolicy(1, register.Refuse) }); err != nil {
		t.Fatal(err)
	}
	w.Eventually("all to have it", func() bool { return agree(w, register.Refuse) })
}

func TestCluster_Joiner_HasTheClustersPolicyBeforeItServes(t *testing.T) {
	w := testnodes.New(t)
	a := w.Start(w.Config("A"))
	cfg := w.Config("B")
	cfg.Policy = register.Refuse
	if b := w.Start(cfg); b.Settings().Policy() != register.LWW || b.Settings().Digest() != a.Settings().Digest() {
		t.Errorf("against a founder's flag: %v", b.Settings().Policy())
	}
	setPolicy(t, w.Node("B"), register.MergeJSON)
	w.Eventually("both to have the change", func() bool { return agree(w, register.MergeJSON) })
	cfg = w.Config("C")
	cfg.Policy = register.Refuse
	if c := w.Start(cfg); c.Settings().Policy() != register.MergeJSON {
		t.Errorf("against an operator's change: %v", c.Settings().Policy())
	}
}

// The founders of a cluster have not met yet, and have equal documents.
func TestCluster_FoundersWithEqualFlags_HaveEqualDocuments(t *testing.T) {
	w := testnodes.New(t)
	founders := []ring.Member{
		{ID: ring.IDOf("A"), Name: "A", PeerAddr: "127.0.0.1:1"},
		{ID: ring.IDOf("B"), Name: "B", PeerAddr: "127.0.0.1:1"},
	}
	for _, m := range founders {
		cfg := w.Config(m.Name)
		cfg.Join, cfg.Founders, cfg.ClusterID, cfg.Policy = nil, founders, "founded-together", register.Refuse
		w.Start(cfg)
	}
	if !agree(w, register.Refuse) || w.Node("A").Settings().Digest() == 0 {
		t.Error("the documents differ")
	}
}

// forget returns the configuration of a stopped node whose directory was written by a
// version without cluster-wide settings.
func forget(t *testing.T, cfg cluster.Config) cluster.Config {
	t.Helper()
	open := func(o engine.Options) *engine.Store {
		o.Self, o.Name, o.Partitions = ring.IDOf(cfg.Name), cfg.Name, cfg.Partitions
		s, err := engine.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	old := open(cfg.Store)
	cfg.Store.FS = vfs.NewCrashableMem()
	fresh := open(cfg.Store)
	for _, name := range []string{"ring", "instance"} {
		data, err := old.State().Load(name)
		if err == nil {
			err = fresh.State().Save(name, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*engine.Store{old, fresh} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

func TestCluster_UpgradedNode_TakesTheClustersPolicyNotItsFlag(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B")
	digest := w.Node("A").Settings().Digest()
	cfg := forget(t, w.Crash("B"))
	cfg.Policy = register.Refuse
	w.Start(cfg)
	if !agree(w, register.LWW) || w.Node("A").Settings().Digest() != digest {
		t.Errorf("A has %v, B has %v", w.Node("A").Settings().Policy(), w.Node("B").Settings().Policy())
	}
}

func TestNode_Upgraded_WritesItsFlagAsTheWeakestValue(t *testing.T) {
	w := testnodes.New(t)
	w.Start(w.Config("A"))
	cfg := forget(t, w.Crash("A"))
	cfg.Policy = register.Refuse
	a := w.Start(cfg)
	if a.Settings().Digest() != settings.Assumed(register.Refuse).Digest() {
		t.Errorf("%+v", a.Settings().Document().Settings())
	}
	setPolicy(t, a, register.LWW)
	if a = w.Start(w.Crash("A")); a.Settings().Policy() != register.LWW {
		t.Errorf("after a restart: %v", a.Settings().Policy())
	}
}

func TestNode_SetPolicy_NotSaved_IsAnError(t *testing.T) {
	w := testnodes.New(t)
	a := w.Start(w.Config("A"))
	w.Crash("A")
	if err := a.Settings().SetPolicy(t.Context(), register.Refuse); err == nil || a.Settings().Policy() != register.LWW {
		t.Errorf("%v, policy %v", err, a.Settings().Policy())
	}
}

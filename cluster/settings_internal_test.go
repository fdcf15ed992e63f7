package cluster

import (
	"context"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// No member has settings: the flag of a node that has just joined is in force on it, and
// is not written.
func TestNode_JoinsAClusterWithoutSettings_WritesNone(t *testing.T) {
	cfg := Config{
		Name: "A", GossipProfile: "local", Partitions: 64, Policy: register.Refuse,
		ClientAddr: "127.0.0.1:1", AdminAddr: "127.0.0.1:2",
		Store: engine.Options{Dir: "data", FS: vfs.NewMem()}, Logger: slog.New(slog.DiscardHandler),
	}
	sockets, err := peer.Bind("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(cfg, sockets)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.state.Adopt(ring.NewState("old", cfg.Partitions, ring.Quorums{N: 1, R: 1, W: 1}, ring.Member{Name: "A", PeerAddr: n.Channel().Addr()})); err != nil {
		t.Fatal(err)
	}
	if err := n.disseminator.Await(t.Context(), settingsTimeout, nil); err != nil || n.settings.Digest() != 0 || n.Settings().Policy() != register.Refuse {
		t.Errorf("%v, %+v, policy %v", err, n.Settings().Document().Settings(), n.Settings().Policy())
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := n.Run(ended); err != nil {
		t.Error(err)
	}
}

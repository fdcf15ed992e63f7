package handoff

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
)

// TestMover_Log_CountsTheKeysThatMoved: a node that leaves names all that it held, though the
// new owners copied most of it, and one that gains names all that it has got.
func TestMover_Log_CountsTheKeysThatMoved(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C", "D")
	w.Fill(200, 10)
	texts := make(map[string]*strings.Builder)
	for name, n := range w.nodes {
		texts[name] = new(strings.Builder)
		n.mover.cfg.Logger = slog.New(slog.NewTextHandler(texts[name], nil))
	}
	view, a := w.Ring(), w.nodes["A"]
	keys := func(n *movingNode, parts []ring.Partition) (keys int64) {
		for _, p := range parts {
			_, total := n.Store.Partitions().Keys(p)
			keys += total
		}
		return keys
	}
	var held []ring.Partition
	for p := range view.Partitions() {
		if view.IsPrimary(a.ID, ring.Partition(p)) {
			held = append(held, ring.Partition(p))
		}
	}
	lost := keys(a, held)
	w.leave("A")
	gains := make(map[string][]ring.Partition)
	for name, n := range w.nodes {
		gains[name] = w.Ring().Gains(n.ID)
	}
	w.rounds(12)
	want := fmt.Sprintf("msg=\"partitions handed over and dropped\" partitions=%d keys=%d took=", len(held), lost)
	if got := texts["A"].String(); lost == 0 || !strings.Contains(got, want) {
		t.Errorf("A: want %s\n%s", want, got)
	}
	for name, parts := range gains {
		if len(parts) == 0 {
			continue
		}
		want := fmt.Sprintf("msg=\"gained partitions are complete\" partitions=%d keys=%d took=", len(parts), keys(w.nodes[name], parts))
		if got := texts[name].String(); !strings.Contains(got, want) {
			t.Errorf("%s: want %s\n%s", name, want, got)
		}
	}
}

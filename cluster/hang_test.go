package cluster_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/testnodes"
	"github.com/quorate/quorate/engine"
)

// hangingLog makes syncs of the store's log wait, without an error, until release is
// called.
type hangingLog struct {
	on      atomic.Bool
	release chan struct{}
}

func (h *hangingLog) String() string { return "hanging log" }

func (h *hangingLog) MaybeError(op errorfs.Op) error {
	sync := op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData
	if h.on.Load() && sync && filepath.Ext(op.Path) == ".log" {
		<-h.release
	}
	return nil
}

// TestNode_DiskHangs_RunEnds stops a node, and crashes one, while its disk neither takes a
// write nor fails.
func TestNode_DiskHangs_RunEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		stop func(n *cluster.Node, cancel context.CancelFunc)
		want error
	}{
		{"stop", func(_ *cluster.Node, cancel context.CancelFunc) { cancel() }, engine.ErrFatal},
		{"crash", func(n *cluster.Node, _ context.CancelFunc) { n.Crash() }, cluster.ErrCrashed},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &hangingLog{release: make(chan struct{})}
			w := testnodes.New(t)
			cfg := w.Config("A")
			cfg.Store.FS = errorfs.Wrap(cfg.Store.FS, h)
			cfg.Store.CloseTimeout, cfg.RequestTimeout = 50*time.Millisecond, 200*time.Millisecond
			n := w.Make(cfg)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			var wg sync.WaitGroup
			defer wg.Wait()
			defer close(h.release)
			wg.Go(func() { ended <- n.Run(ctx) })
			<-n.Ready()
			h.on.Store(true)
			r := &replica.Request{Key: []byte("k"), Update: &register.Update{Kind: register.Set, Data: []byte("v")}}
			if n.Coordinator().Do(ctx, []*replica.Request{r}); r.Err == nil {
				t.Error("a write was acknowledged that is on no disk")
			}
			c.stop(n, cancel)
			select {
			case err := <-ended:
				if !errors.Is(err, c.want) {
					t.Errorf("the node ended with %v, want %v", err, c.want)
				}
			case <-time.After(time.Minute):
				t.Error("the node still waits for its disk")
			}
		})
	}
}

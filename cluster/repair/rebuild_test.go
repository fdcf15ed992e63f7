package repair

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/operation"
)

func TestRebuild_OfTheTrees_IsAnOperationUntilAllAreReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := operation.NewRegistry(operation.Config{})
		var unready, keys atomic.Int64
		look := func() rebuilding {
			return rebuilding{unready: unready.Load(), held: antientropy.Holding{Keys: keys.Load(), Bytes: 10 * keys.Load()}}
		}
		if err := followRebuild(t.Context(), all, look); err != nil || len(all.List()) > 0 {
			t.Fatalf("without a rebuild: %v, %+v", err, all.List())
		}
		unready.Store(8)
		ended := make(chan error)
		go func() { ended <- followRebuild(t.Context(), all, look) }()
		synctest.Wait()
		unready.Store(5)
		keys.Store(7)
		time.Sleep(time.Second)
		if o := all.List()[0]; o.Kind != operation.Rebuild || o.State != operation.Running || o.Partitions != (operation.Amount{Done: 3, Total: 8}) || o.Keys.Done != 7 || o.Bytes.Done != 70 {
			t.Errorf("under way: %+v", o)
		}
		unready.Store(0)
		if err := <-ended; err != nil || all.List()[0].State != operation.Done {
			t.Errorf("at its end: %v, %+v", err, all.List()[0])
		}
		unready.Store(3)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { ended <- followRebuild(ctx, all, look) }()
		time.Sleep(time.Second)
		cancel()
		if err := <-ended; err != nil || all.List()[0].State != operation.Cancelled {
			t.Errorf("stopped: %v, %+v", err, all.List()[0])
		}
	})
}

package repair

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/operation"
)

func TestRebuild_OfTheTrees_IsAnOperationUntilAllAreReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := operation.NewRegistry(operation.Config{})
		var unready atomic.Int64
		if err := followRebuild(t.Context(), all, unready.Load); err != nil || len(all.List()) > 0 {
			t.Fatalf("without a rebuild: %v, %+v", err, all.List())
		}
		unready.Store(8)
		ended := make(chan error)
		go func() { ended <- followRebuild(t.Context(), all, unready.Load) }()
		synctest.Wait()
		unready.Store(5)
		time.Sleep(time.Second)
		if o := all.List()[0]; o.Kind != operation.Rebuild || o.State != operation.Running || o.Partitions != (operation.Amount{Done: 3, Total: 8}) {
			t.Errorf("under way: %+v", o)
		}
		unready.Store(0)
		if err := <-ended; err != nil || all.List()[0].State != operation.Done {
			t.Errorf("at its end: %v, %+v", err, all.List()[0])
		}
		unready.Store(3)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { ended <- followRebuild(ctx, all, unready.Load) }()
		time.Sleep(time.Second)
		cancel()
		if err := <-ended; err != nil || all.List()[0].State != operation.Cancelled {
			t.Errorf("stopped: %v, %+v", err, all.List()[0])
		}
	})
}

package membership

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Changes that come close together are followed once, however fast the node is. Otherwise it would
// depend on goroutines how often the rest of the node is told to look at the same ring.
func TestFollowChanges_SeveralAtOnce_AreFollowedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		a.work(t)
		before, quorums := a.changed, a.Ring().Configured()
		go a.followChanges(t.Context())
		for n := range 3 {
			quorums.N = n + 4
			if err := a.state.Change(func(s *ring.State) error { return s.SetQuorums(quorums) }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		time.Sleep(2 * followPause)
		synctest.Wait()
		if followed := a.changed - before; followed != 1 {
			t.Errorf("the ring was followed %d times", followed)
		}
		if got := b.Ring().Configured().N; got != quorums.N {
			t.Errorf("B has n = %d, and was to be told of %d", got, quorums.N)
		}
	})
}

package membership

import (
	"testing"
	"testing/synctest"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Changes that have come while the node was busy are followed once. Otherwise it would depend on
// goroutines how often the rest of the node is told to look at the same ring.
func TestFollowChanges_SeveralWait_AreFollowedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		a.work(t)
		before, quorums := a.changed, a.Ring().Configured()
		for n := range 3 {
			quorums.N = n + 4
			if err := a.state.Change(func(s *ring.State) error { return s.SetQuorums(quorums) }); err != nil {
				t.Fatal(err)
			}
		}
		go a.followChanges(t.Context())
		synctest.Wait()
		if followed := a.changed - before; followed != 1 {
			t.Errorf("the ring was followed %d times", followed)
		}
		if got := b.Ring().Configured().N; got != quorums.N {
			t.Errorf("B has n = %d, and was to be told of %d", got, quorums.N)
		}
	})
}

package poll

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestUntil_ConditionComesTrue_Returns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		Until(t, "a second to pass", func() bool { return time.Since(start) >= time.Second })
		if waited := time.Since(start); waited > 2*time.Second {
			t.Errorf("waited %v for a second", waited)
		}
	})
}

// failing notes that its test was failed.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper()               {}
func (f *failing) Fatalf(string, ...any) { f.failed = true; panic(f) }

func TestUntil_ConditionNeverTrue_FailsTheTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &failing{TB: t}
		defer func() {
			if recover() != f || !f.failed {
				t.Error("the wait ended, and the test was not failed")
			}
		}()
		Until(f, "what never comes", func() bool { return false })
	})
}

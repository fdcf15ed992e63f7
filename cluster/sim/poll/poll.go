package poll

import (
	"testing"
	"time"
)

const (
	limit = 2 * time.Minute // generous: what is waited for mostly takes milliseconds
	pause = 2 * time.Millisecond
)

// Until returns once holds does. It fails the test if that takes more than two
// minutes; what says what was waited for.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

package membership

import (
	"errors"
	"testing"
	"time"
)

func TestJoinThrottle_ErrorThatLasts_IsLoggedSeldom(t *testing.T) {
	var throttle joinThrottle
	at := time.Unix(1000, 0)
	for i, step := range []struct {
		after time.Duration
		err   string
		want  bool
	}{
		{0, "127.0.0.1:58884->127.0.0.1:17201: i/o timeout", true},
		{3 * time.Second, "127.0.0.1:58896->127.0.0.1:17201: i/o timeout", false},
		{3 * time.Second, "connection refused", true},
		{29 * time.Second, "connection refused", false},
		{time.Second, "connection refused", true},
		{time.Second, "127.0.0.1:58999->127.0.0.1:17201: i/o timeout", true},
	} {
		at = at.Add(step.after)
		if got := throttle.allow(at, errors.New(step.err)); got != step.want {
			t.Errorf("error %d, %s: %v", i, step.err, got)
		}
	}
}

package e2e

import (
	"strings"
	"testing"
)

// TestCheck_RollingRestart_EachNodeWaitsForTheOneBefore stops and starts one node after the
// other under load, as the check permits it.
func TestCheck_RollingRestart_EachNodeWaitsForTheOneBefore(t *testing.T) {
	withoutDetector(t)
	f := newFleet(t, 3)
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(warmUp)
	for i, n := range f.nodes {
		other := f.nodes[(i+1)%len(f.nodes)]
		check := func(more ...string) (string, int) {
			return quorate(t, append([]string{"admin", "--admin-addr", other.admin, "check"}, more...)...)
		}
		if output, code := check("--wait", "--timeout", patience.String()); code != 0 || !strings.Contains(output, "safe to stop one node") {
			t.Fatalf("before %s: exit code %d\n%s", n.name, code, output)
		}
		n.goAway()
		n.stop()
		if output, code := check(); code != 1 || !strings.Contains(output, n.name+" is ") {
			t.Errorf("while %s is away: exit code %d\n%s", n.name, code, output)
		}
		n.restart()
		l.awaitOps(warmUp)
	}
	l.stop()
	l.noFaults()
	f.awaitIdentical(3)
	h.verify(t, f)
}

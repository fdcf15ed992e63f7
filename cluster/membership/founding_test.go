package membership

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// TestFounder_FoundsOnlyWhereNobodyMayBeAMember starts a fresh founder whose addresses stand
// for all kinds of nodes. Where none may be a member it founds a cluster.
func TestFounder_FoundsOnlyWhereNobodyMayBeAMember(t *testing.T) {
	unknown := &net.DNSError{Name: "later", IsNotFound: true}
	for name, c := range map[string]struct {
		stands []string
		err    error
		want   Origin
		fails  error
	}{
		"names that are not known": {nil, unknown, Founded, nil},
		"itself":                   {[]string{"F:7"}, nil, Founded, nil},
		"nodes without a ring":     {[]string{"F:7", "fresh:7"}, unknown, Founded, nil},
		"a member":                 {[]string{"F:7", "fresh:7", "A:7"}, unknown, Joined, nil},
		"somebody silent":          {[]string{"fresh:7", "silent:7"}, unknown, 0, context.DeadlineExceeded},
		"no answer of DNS":         {[]string{"fresh:7"}, &net.DNSError{Name: "later", IsTemporary: true}, 0, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, _ := pair(t)
				w.addAt(t, "D", "fresh:7", newDisk(), nil)
				f := w.add(t, "F", newDisk(), func(s *Start) {
					s.Join, s.FoundIfAbsent, s.FoundAfter = []string{"some:7", "later:7"}, true, 4*time.Second
				})
				f.Membership.bootstrap.addresses.resolve = func(_ context.Context, addr string) ([]string, error) {
					if addr == "some:7" {
						return c.stands, nil
					}
					return nil, c.err
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began := time.Now()
				origin, err := f.Bootstrap(ctx)
				if !errors.Is(err, c.fails) || err == nil && origin != c.want {
					t.Errorf("bootstrapped as %d, %v, want %d, %v", origin, err, c.want, c.fails)
				}
				if took := time.Since(began); origin == Founded && took < 4*time.Second {
					t.Errorf("founded after %v", took)
				}
			})
		})
	}
}

// TestFounder_LostDisk_FoundsNoSecondCluster starts the founder again without its disk: it
// is refused, as any node is whose place is taken.
func TestFounder_LostDisk_FoundsNoSecondCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, b := pair(t)
		finish(t, b, a)
		w.stop(a)
		a = w.addAs(t, "A", newDisk(), func(c *Config) {
			c.Self.Instance, c.Start.Join, c.Start.FoundIfAbsent = "another disk", []string{"A:7", "B:7"}, true
		})
		if _, err := a.Bootstrap(t.Context()); !errors.Is(err, ring.ErrNameTaken) {
			t.Errorf("bootstrapped with %v, want a refusal", err)
		}
	})
}

// TestJoin_NotTheFounder_NeverFounds waits for an hour.
func TestJoin_NotTheFounder_NeverFounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, _ := pair(t)
		g := w.add(t, "G", newDisk(), func(s *Start) { s.Join, s.FoundAfter = []string{"G:7"}, time.Second })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if origin, err := g.Bootstrap(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("bootstrapped as %d, %v", origin, err)
		}
	})
}

package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/object"
)

// endingPrefix begins the keys of sets that expire. Their clients add members that nobody else
// adds, and use PEXPIREAT and PERSIST.
const endingPrefix = "ending"

func (o *op) isOfEnding() bool { return strings.HasPrefix(o.key, endingPrefix) }

// ending makes a client's request one of those on a set that expires.
func (w *workload) ending(o *op) {
	switch roll := w.rng.IntN(10); {
	case roll < 3:
		w.read(o)
	case roll < 6:
		o.action, o.name = actionAdd, o.client.newValue()
	case roll < 8:
		o.action, o.expiry = actionExpire, w.expiring()
	default:
		o.action = actionPersist
	}
}

// endsSoon reports whether an EXPIRE lets its key expire within the run.
func (o *op) endsSoon() bool { return o.expiry-o.start < time.Hour }

// endings looks at what became of sets that expire.
type endings struct{ *checker }

// skew is by how much two clocks of the run may differ.
func (ch endings) skew() time.Duration {
	if ch.opts.Faults&(FaultSkew|FaultJumps) != 0 {
		return clockTolerance
	}
	return time.Millisecond // a clock shows no smaller part
}

// persisted reports whether an EXPIRE has no effect, because a PERSIST came after it and in time.
// It must be known to all coordinators.
func (ch endings) persisted(expire *op) bool {
	return expire.action == actionExpire && expire.outcome == succeeded && ch.exact() && slices.ContainsFunc(ch.history.ops, func(u *op) bool {
		return u.action == actionPersist && u.key == expire.key && u.outcome == succeeded && u.start > expire.end && u.end+ch.skew() < expire.expiry
	})
}

// check: where coordinators may not part, nothing that was in a set before an acknowledged
// EXPIRE can be read after its expiry, unless another EXPIRE or PERSIST may have come later.
func (ch endings) check(final map[string]object.Object) {
	if !ch.exact() {
		return
	}
	for _, o := range ch.history.ops {
		if !o.isOfEnding() || o.action != actionExpire || o.outcome != succeeded || !o.request.Result.Applied || o.expiry+ch.skew() > ch.now {
			continue
		}
		if slices.ContainsFunc(ch.history.ops, func(u *op) bool {
			return u != o && u.key == o.key && (u.action == actionExpire || u.action == actionPersist) && (u.outcome != succeeded || u.end > o.start)
		}) {
			continue
		}
		left := final[o.key]
		for e := range left.Elements.Live(unixMilli(ch.now - ch.skew())) {
			for _, a := range ch.history.ops {
				if a.action == actionAdd && a.key == o.key && a.name == string(e.Name) && a.outcome == succeeded && a.end < o.start {
					ch.fail("outlived: %v should have expired with %v, and can be read: %s", a, o, describe(&left))
				}
			}
		}
	}
}

package sim

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/object"
)

// firstClearPart is the first number of the parts that clear for clients: see partKey.
const firstClearPart = 1000

// errNoClear answers a FLUSHALL for which not all members could be asked. In production the
// keys are deleted one by one then, as DEL does it.
var errNoClear = errors.New("not all members take part in a clear")

// clear makes a client's request a FLUSHALL now and then, and reports whether it did.
func (w *workload) clear(o *op) bool {
	if w.rng.IntN(8) > 0 {
		return false
	}
	o.action, o.key = actionClear, ""
	return true
}

// flush carries out a FLUSHALL.
func (l *life) flush(o *op) {
	o.request.Err = l.clearer.Flush(context.WithValue(context.Background(), partKey{}, firstClearPart+o.id))
	l.finish(o)
}

func (l *life) refuseClear(context.Context) error { return errNoClear }

// mayClear reports whether o is a FLUSHALL that may clear what a request has written that began
// at a time.
func (o *op) mayClear(from time.Duration) bool {
	return o.action == actionClear && o.outcome != refused && (o.outcome != succeeded || o.end > from)
}

// retimed reports whether an EXPIRE of a key was under way during a FLUSHALL. It writes the
// value that it has found again, which is then neither before the FLUSHALL nor after it.
func (ch *checker) retimed(key string, flush *op) bool {
	return slices.ContainsFunc(ch.history.ops, func(u *op) bool {
		return u.action == actionExpire && u.key == key && u.start < flush.end && (u.outcome != succeeded || u.end > flush.start)
	})
}

// checkCleared: what was acknowledged before a FLUSHALL began is not there after that has
// ended.
func (ch *checker) checkCleared(key string, o *object.Object, at time.Duration) {
	if ch.opts.Faults&FaultClears == 0 {
		return
	}
	for i := range o.Siblings {
		s := &o.Siblings[i]
		w := ch.history.byValue[string(s.Data)]
		if w == nil || s.Tombstone || w.outcome != succeeded {
			continue
		}
		for _, u := range ch.history.ops {
			if u.action == actionClear && u.outcome == succeeded && w.end < u.start && u.end < at && !ch.retimed(key, u) {
				ch.fail("returned: %v was before %v, and is in %s of %s", w, u, describe(o), key)
			}
		}
	}
}

package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
)

// Keys of commands that compute from the old value. Other commands do not use them.
const (
	counterPrefix = "count"
	tallyPrefix   = "tally" // counters to which clients also assign numbers
	lockPrefix    = "lock"
	expiryPrefix  = "ttl"
)

// ttlSiblings is the one key with expiries that clients also add siblings to.
const ttlSiblings = expiryPrefix + "2"

// special makes a client's request one of the commands that a run is to have
// besides GET, SET and DEL, in half of the cases, and reports whether it did.
func (w *workload) special(o *op) bool {
	var kinds []Faults
	for _, kind := range []Faults{FaultCounters, FaultLocks, FaultExpiries, FaultHeaps, FaultClears, FaultElements} {
		if w.opts.Faults&kind != 0 {
			kinds = append(kinds, kind)
		}
	}
	if o.client.careful || len(kinds) == 0 || w.rng.IntN(2) == 0 {
		return false
	}
	switch kinds[w.rng.IntN(len(kinds))] {
	case FaultCounters:
		o.key = [...]string{counterPrefix + "0", counterPrefix + "1", tallyPrefix + "0"}[w.rng.IntN(3)]
		switch roll := w.rng.IntN(8); {
		case roll < 2:
		case roll == 2 && strings.HasPrefix(o.key, tallyPrefix):
			w.assigned += tallyStep
			o.action, o.value = actionAssign, strconv.Itoa(w.assigned)
		default:
			o.action = actionIncrement
		}
	case FaultLocks:
		o.key = fmt.Sprint(lockPrefix, int(w.now/(300*time.Millisecond)))
		o.action = actionSetIfAbsent
		o.value = o.client.newValue()
	case FaultExpiries:
		o.key = fmt.Sprint(expiryPrefix, w.rng.IntN(3))
		switch w.rng.IntN(4) {
		case 0:
			o.action, o.value = actionSet, o.client.newValue()
			o.plain = o.key != ttlSiblings
		case 1:
			o.action, o.value, o.expiry = actionSet, o.client.newValue(), w.expiring()
		case 2:
			o.action, o.expiry = actionExpire, w.expiring()
		}
	case FaultHeaps:
		w.heapUp(o)
	case FaultClears:
		return w.clear(o)
	case FaultElements:
		w.element(o)
	}
	return true
}

// newValue is one that no other request writes.
func (c *client) newValue() string {
	c.writes++
	return fmt.Sprintf("%s-%d", c.name, c.writes)
}

// expiring is when a value expires: within the run, or long after it.
func (w *workload) expiring() time.Duration {
	if w.rng.IntN(3) == 0 {
		return w.now + 100*time.Hour
	}
	return w.now + 50*time.Millisecond + time.Duration(w.rng.Int64N(int64(3*time.Second)))
}

// unixMilli is a simulated time as a clock that is right shows it.
func unixMilli(at time.Duration) int64 { return epoch.Add(at).UnixMilli() }

// update is what the op asks of the store, without its context.
func (o *op) update() *register.Update {
	u := &register.Update{Kind: register.Set, Data: []byte(o.value)}
	switch o.action {
	case actionDelete:
		u = &register.Update{Kind: register.Delete}
	case actionIncrement:
		u = &register.Update{Kind: register.Increment, Amount: 1}
	case actionSetIfAbsent:
		u.Condition = register.IfAbsent
	case actionExpire:
		u = &register.Update{Kind: register.Expire}
	case actionPersist:
		u = &register.Update{Kind: register.Persist}
	case actionAdd, actionRemove, actionTrim:
		u = o.change()
	}
	if o.expiry != 0 {
		u.Expiry = unixMilli(o.expiry)
	}
	return u
}

// policy is how plain reads resolve siblings in this run.
func (o Options) policy() register.Policy {
	if o.Faults&FaultRefusals != 0 {
		return register.Refuse
	}
	return register.LWW
}

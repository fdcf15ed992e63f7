package sim

import (
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Keys of commands that compute from the old value. Other commands do not use them.
const (
	counterPrefix = "count"
	lockPrefix    = "lock"
	expiryPrefix  = "ttl"
)

// special makes a client's request one of the commands that a run is to have
// besides GET, SET and DEL, in half of the cases, and reports whether it did.
func (s *Sim) special(o *op) bool {
	var kinds []Faults
	for _, kind := range []Faults{FaultCounters, FaultLocks, FaultExpiries} {
		if s.opts.Faults&kind != 0 {
			kinds = append(kinds, kind)
		}
	}
	if o.client.careful || len(kinds) == 0 || s.rng.IntN(2) == 0 {
		return false
	}
	switch kinds[s.rng.IntN(len(kinds))] {
	case FaultCounters:
		o.key = fmt.Sprint(counterPrefix, s.rng.IntN(2))
		if s.rng.IntN(4) > 0 {
			o.action = actionIncrement
		}
	case FaultLocks:
		o.key = fmt.Sprint(lockPrefix, int(s.now/(300*time.Millisecond)))
		o.action = actionSetIfAbsent
		o.value = o.client.newValue()
	case FaultExpiries:
		o.key = fmt.Sprint(expiryPrefix, s.rng.IntN(3))
		switch s.rng.IntN(4) {
		case 0:
			o.action, o.value = actionSet, o.client.newValue()
		case 1:
			o.action, o.value, o.expiry = actionSet, o.client.newValue(), s.expiring()
		case 2:
			o.action, o.expiry = actionExpire, s.expiring()
		}
	}
	return true
}

// newValue is one that no other request writes.
func (c *client) newValue() string {
	c.writes++
	return fmt.Sprintf("%s-%d", c.name, c.writes)
}

// expiring is when a value expires: within the run, or long after it.
func (s *Sim) expiring() time.Duration {
	if s.rng.IntN(3) == 0 {
		return s.now + 100*time.Hour
	}
	return s.now + 50*time.Millisecond + time.Duration(s.rng.Int64N(int64(3*time.Second)))
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
	}
	if o.expiry != 0 {
		u.Expiry = unixMilli(o.expiry)
	}
	return u
}

// policy is how plain reads resolve siblings in this run.
func (s *Sim) policy() register.Policy {
	if s.opts.Faults&FaultRefusals != 0 {
		return register.Refuse
	}
	return register.LWW
}

// changeQuorums sets R and W for the whole cluster. A write stays on two nodes at
// least, for one of them may be removed.
func (s *Sim) changeQuorums() {
	choices := [...]ring.Quorums{{N: 3, R: 2, W: 2}, {N: 3, R: 1, W: 3}, {N: 3, R: 3, W: 2}, {N: 3, R: 3, W: 3}}
	q := choices[s.rng.IntN(len(choices))]
	if through := s.someoneUp(nil); through != nil {
		s.note("R = %d, W = %d", q.R, q.W)
		s.operator(through, func(state *ring.State) error { return state.SetQuorums(q) })
	}
}

package sim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

// tallyStep is between the numbers that clients assign to a tally: more than all increments of
// a run come to.
const tallyStep = 1_000_000

// counting is what is checked of keys that clients add to.
type counting struct{ *checker }

// isCounter reports whether clients add to a key.
func isCounter(key string) bool {
	return strings.HasPrefix(key, counterPrefix) || strings.HasPrefix(key, tallyPrefix)
}

// numberOf returns the number that a key shows.
func (c counting) numberOf(left *object.Object) int {
	v, _, _ := register.Resolve(left, register.LWW, unixMilli(c.now))
	n, _ := strconv.Atoi(string(v.Data))
	return n
}

// mustCount reports whether an increment must count at the end.
func (c counting) mustCount(o *op) bool {
	return o.outcome == succeeded && !c.mayBeLost(o) && !slices.ContainsFunc(c.history.ops, func(u *op) bool { return u.mayClear(o.start) })
}

// checkCounters: no increment counts twice, and each acknowledged one counts, whatever node took
// it. Where increments meet at one node no two have the same answer.
func (c counting) checkCounters(final map[string]object.Object) {
	must, issued := make(map[string]int), make(map[string]int)
	answers := make(map[string]map[int64]*op)
	for _, o := range c.history.ops {
		if o.action != actionIncrement || !strings.HasPrefix(o.key, counterPrefix) {
			continue
		}
		if issued[o.key]++; o.outcome != succeeded {
			continue
		}
		if c.mustCount(o) {
			must[o.key]++
		}
		if answers[o.key] == nil {
			answers[o.key] = make(map[int64]*op)
		}
		n := o.request.Result.Number
		if other := answers[o.key][n]; other != nil && c.meets() {
			c.fail("miscounted: %v and %v both made %d", other, o, n)
		}
		answers[o.key][n] = o
	}
	for _, key := range slices.Sorted(maps.Keys(issued)) {
		left := final[key]
		if n := c.numberOf(&left); n < must[key] || n > issued[key] {
			c.fail("miscounted: %s is %d after %d increments, of which %d were acknowledged; left is %s", key, n, issued[key], must[key], describe(&left))
		}
	}
}

// checkTallies: see checkTally, of what is left.
func (c counting) checkTallies(final map[string]object.Object) {
	for _, key := range slices.Sorted(maps.Keys(final)) {
		if strings.HasPrefix(key, tallyPrefix) {
			left := final[key]
			c.checkTally(key, &left, span{c.now, c.now})
		}
	}
}

// span is from when to when a client waited.
type span struct{ start, end time.Duration }

// checkTally: a tally is the number that was assigned last, and each increment that began after
// that was acknowledged. It has no increment twice. Where a read meets every write, an assignment
// has taken the increments that were acknowledged before it.
func (c counting) checkTally(key string, shown *object.Object, read span) {
	if c.opts.Faults&(FaultSkew|FaultJumps|FaultClears) != 0 {
		return
	}
	last := c.lastAssigned(key, read)
	if last == nil || c.mayBeLost(last) {
		return
	}
	base, _ := strconv.Atoi(last.value)
	least, most := base, base
	for _, o := range c.history.ops {
		if o.key != key || o.action != actionIncrement || o.start > read.end {
			continue
		}
		if o.start > last.end && o.outcome == succeeded && o.end < read.start && c.mustCount(o) {
			least++
		}
		if !c.exact() || o.outcome != succeeded || o.end >= last.start {
			most++
		}
	}
	if n := c.numberOf(shown); n < least || n > most {
		c.fail("miscounted: %s is %d after %v, want %d to %d; shown is %s", key, n, last, least, most, describe(shown))
	}
}

// lastAssigned returns the assignment to a key that came after all others when a client read it,
// or nil if that is open.
func (c counting) lastAssigned(key string, read span) (last *op) {
	for _, o := range c.history.ops {
		switch {
		case o.key != key || o.action != actionAssign || o.start > read.end:
		case o.outcome != succeeded || o.end >= read.start || last != nil && last.end >= o.start:
			return nil
		default:
			last = o
		}
	}
	return last
}

package sim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

// exactFaults are those under which no coordinator seems silent and no fallback
// stands in: updates of one key meet at one node, and a read meets every write.
const exactFaults = FaultDelay | FaultReorder | FaultDuplicate | FaultForwards | FaultSkew | FaultJumps | FaultJoins | FaultLeaves | FaultHaste | FaultLag |
	FaultCounters | FaultLocks | FaultExpiries | FaultRefusals | FaultElements

// countingFaults are those under which updates that compute from the old value meet at one node:
// nodes stop and start, and each leaves such updates to the others until it takes over.
const countingFaults = exactFaults | FaultRestarts | FaultCrashes | FaultLostSyncs

// meets reports whether no two updates compute from one value.
func (ch *checker) meets() bool { return ch.opts.Faults&^countingFaults == 0 }

// exact reports whether updates that compute from the old value must be exact.
func (ch *checker) exact() bool { return ch.opts.Faults&^exactFaults == 0 }

// clockTolerance is by how much two clocks may differ that are right.
const clockTolerance = 6 * time.Second

// ownFaults are those under which a primary of a key stays one, with what it has, for as long as its
// process lives.
const ownFaults = exactFaults&^(FaultJoins|FaultLeaves|FaultHaste) | SteadyFaults | FaultRestarts | FaultMoves | FaultHeaps | FaultInterval | FaultQuorums

// checkFresh: a read knows of every write that was acknowledged before it began. Where fallbacks may
// stand in, a read of a primary knows of those that the same process has coordinated.
func (ch *checker) checkFresh(o *op) {
	own := !ch.exact()
	if own && (ch.opts.Faults&^ownFaults != 0 || !ch.ring().IsPrimary(o.node.id, ch.ring().PartitionOf([]byte(o.key)))) {
		return
	}
	for _, w := range ch.history.ops {
		dot := w.request.Result.Dot
		if own && (w.life != o.life || dot.Actor.Node != o.node.id) {
			continue
		}
		if w.key == o.key && w.action != actionGet && w.outcome == succeeded && w.end < o.start && dot.Counter > 0 && !o.request.Object.Clock.Covers(dot) {
			ch.fail("stale: %v does not know of %v, which ended before; it shows %s", o, w, describe(&o.request.Object))
			return
		}
	}
}

// checkLocks: of all SETNX of one key at most one has set it, and its value stays.
func (ch *checker) checkLocks(final map[string]object.Object) {
	if !ch.meets() {
		return
	}
	holders := make(map[string]*op)
	for _, o := range ch.history.ops {
		if o.action != actionSetIfAbsent || o.outcome != succeeded || !o.request.Result.Applied {
			continue
		}
		if other := holders[o.key]; other != nil {
			ch.fail("locked twice: by %v and by %v", other, o)
		}
		holders[o.key] = o
	}
	for _, key := range slices.Sorted(maps.Keys(holders)) {
		left := final[key]
		if v, _, _ := register.Resolve(&left, register.LWW, unixMilli(ch.now)); string(v.Data) != holders[key].value {
			ch.fail("locked twice: %v set it, and left is %s", holders[key], describe(&left))
		}
	}
}

// checkExpiries: what has expired is not shown; what has not is. An update that was
// under way with another one may have come before or after it.
func (ch *checker) checkExpiries(final map[string]object.Object) {
	for _, key := range slices.Sorted(maps.Keys(final)) {
		if strings.HasPrefix(key, expiryPrefix) {
			left := final[key]
			ch.checkExpired(key, &left)
		}
	}
}

func (ch *checker) checkExpired(key string, left *object.Object) {
	for i := range left.Siblings {
		v := &left.Siblings[i]
		w := ch.history.byValue[string(v.Data)]
		if w == nil || !v.Live(unixMilli(ch.now)) {
			continue
		}
		// A value lives for as long as its SET said, or an EXPIRE after it.
		latest := w.expiry
		for _, u := range ch.history.ops {
			if u.action == actionExpire && u.key == key && (u.outcome != succeeded || u.end > w.start) && latest != 0 {
				latest = max(latest, u.expiry)
			}
		}
		if latest != 0 && latest < ch.now {
			ch.fail("undead: %v expired, and %q is there", w, v.Data)
		}
	}
	if !ch.exact() || key == ttlSiblings {
		return
	}
	var last *op
	for _, o := range ch.history.ops {
		if o.key != key || o.action == actionGet {
			continue
		}
		if o.outcome != succeeded || last != nil && last.end > o.start {
			return // which of them is in force is open
		}
		if o.action == actionSet || o.request.Result.Applied {
			last = o
		}
	}
	if last != nil && last.expiry != 0 && last.expiry < ch.now && left.Live(unixMilli(ch.now)) {
		ch.fail("undead: %v was the last update, and left is %s", last, describe(left))
	}
}

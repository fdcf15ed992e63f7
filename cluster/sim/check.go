package sim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

// checker looks at what clients were answered, and at what the nodes hold.
type checker struct {
	*cluster
	history *history

	delivered, nextDelivered int // acknowledged background writes; the next one to look at
}

// check looks at what is left when all is at rest.
func (ch *checker) check() {
	for _, n := range ch.nodes {
		if !n.out && n.outdated.Load() {
			ch.fail("trusted: the disk of %s is older than it was, and it has not noticed", n.name)
		}
	}
	final := ch.final()
	ch.checkBounds(final) // first: a key with very many values has many other faults
	for _, o := range ch.history.ops {
		if o.action != actionSet && o.action != actionDelete || o.outcome != succeeded || ch.mayBeLost(o) {
			continue
		}
		left := final[o.key]
		ch.checkKept(o, &left)
		if o.action == actionDelete {
			ch.checkDeleted(o, &left)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(final)) {
		o := final[key]
		ch.checkSiblings(key, &o)
		ch.checkHeap(key, &o)
		ch.checkCleared(key, &o, ch.now)
		ch.checkElementDots(key, &o)
	}
	ch.checkElements(final)
	counting{ch}.checkCounters(final)
	counting{ch}.checkTallies(final)
	ch.checkLocks(final)
	ch.checkExpiries(final)
}

// What one run may cost: frames for each request of a client, and for each node
// and second.
const (
	framesPerRequest = 60
	framesPerSecond  = 150
	mostWaiting      = 150 // runs of the suite come to some 70
	mostSiblings     = 100 // a coordinator refuses more
)

// checkBounds: nobody floods the others, and what waits for an answer is bounded, as
// are the values of a key.
func (ch *checker) checkBounds(final map[string]object.Object) {
	most := framesPerRequest*len(ch.history.ops) + framesPerSecond*len(ch.nodes)*int(ch.now/time.Second)
	if ch.frames.sent > most || ch.frames.arrived > 2*most {
		ch.fail("unbounded: %d frames sent and %d arrived for %d requests in %v", ch.frames.sent, ch.frames.arrived, len(ch.history.ops), ch.now)
	}
	if ch.frames.waiting > mostWaiting {
		ch.fail("unbounded: %d requests of one node waited for an answer", ch.frames.waiting)
	}
	for _, key := range slices.Sorted(maps.Keys(final)) {
		if o := final[key]; len(o.Siblings) > mostSiblings {
			ch.fail("unbounded: %s has %d siblings", key, len(o.Siblings))
		}
	}
}

// checkKept: an acknowledged write is there, or something has replaced it that
// may: a plain write that was not over when this one began, or one whose client
// had seen it.
func (ch *checker) checkKept(o *op, left *object.Object) {
	if o.action == actionDelete {
		return // its absence is what it asked for
	}
	if o.expiry != 0 && o.expiry < ch.now+clockTolerance {
		return
	}
	ch.checkShown(o, left)
	for i := range left.Siblings {
		if string(left.Siblings[i].Data) == o.value && !left.Siblings[i].Tombstone {
			return
		}
	}
	if !ch.mayBeReplaced(o) {
		ch.fail("lost: %v was acknowledged and is gone, and nothing may have replaced it; left is %s", o, describe(left))
	}
}

// mayBeReplaced reports whether some update may have replaced the value of a write: a
// plain one that was not over when the write began, or one whose client had seen it.
func (ch *checker) mayBeReplaced(o *op) bool {
	dots := ch.dotsOf(o)
	for _, u := range ch.history.ops {
		late := u.outcome != succeeded || u.end > o.start
		if u.mayClear(o.start) {
			return true
		}
		if u == o || u.key != o.key || u.action == actionGet {
			continue
		}
		switch {
		case u.action == actionExpire: // which leaves all values, for as long as it says
			if late && u.expiry < ch.now+clockTolerance {
				return true
			}
		case u.plain && late, !u.plain && slices.ContainsFunc(dots, u.covers):
			return true
		}
	}
	return false
}

// dotsOf returns the dots of a write that clients have seen. They are several if two
// coordinators carried it out, and are one version all the same: who has seen one of them
// replaces all.
func (ch *checker) dotsOf(o *op) []causal.Dot {
	dots := []causal.Dot{o.request.Result.Dot}
	for named, value := range ch.history.dots {
		if named.key == o.key && value == o.value {
			dots = append(dots, named.dot)
		}
	}
	return dots
}

// checkShown: a plain read shows the last write, if that was plain, no other was
// under way with it, and clocks agree: of two values that do not know of one another
// the later stamp is shown.
func (ch *checker) checkShown(o *op, left *object.Object) {
	if !o.plain || ch.opts.Faults&(FaultSkew|FaultJumps) != 0 {
		return
	}
	for _, u := range ch.history.ops {
		if u.mayClear(o.start) || u != o && u.key == o.key && u.action != actionGet && (u.outcome != succeeded || u.end > o.start) {
			return
		}
	}
	v, found, _ := register.Resolve(left, register.LWW, 0)
	if !found || string(v.Data) != o.value {
		ch.fail("hidden: %v was the last write, and a plain read shows %q of %s", o, v.Data, describe(left))
	}
}

// checkDeleted: what a deletion covers does not come back. One that answered 0
// deleted nothing: it may have asked fallbacks that knew of nothing.
func (ch *checker) checkDeleted(o *op, left *object.Object) {
	if o.request.Result.Dot.Counter == 0 {
		return
	}
	if !o.plain {
		for i := range left.Siblings {
			if v := &left.Siblings[i]; !v.Tombstone && o.covers(v.Dot) {
				ch.fail("returned: %v covered %q, which is there", o, v.Data)
			}
		}
		return
	}
	for _, u := range ch.history.ops {
		if u != o && u.key == o.key && u.action == actionSet && (u.outcome != succeeded || u.end > o.start) {
			return // which may be what is there
		}
	}
	if ch.opts.Faults&(FaultSkew|FaultJumps) != 0 && slices.ContainsFunc(left.Siblings, func(s object.Sibling) bool { return s.Dot == o.request.Result.Dot }) {
		return // it stands beside values that its coordinator did not know, of later clocks
	}
	if v, found, _ := register.Resolve(left, register.LWW, 0); found {
		ch.fail("returned: %v was the last write, and %q is there", o, v.Data)
	}
}

// calmFaults are those under which no request has a reason to fail.
const calmFaults = FaultDelay | FaultReorder | FaultDuplicate | FaultForwards | FaultSkew |
	FaultCounters | FaultLocks | FaultExpiries | FaultElements

// checkAnswered: a request is not refused where nothing is wrong. The dot of a write is
// no other's.
func (ch *checker) checkAnswered(o *op) {
	r := &o.request
	if r.Err != nil && ch.opts.Faults&^calmFaults == 0 {
		ch.fail("refused: %v got %v", o, r.Err)
	}
	if o.action == actionSet && o.expiry == 0 && o.outcome == succeeded {
		ch.checkDots(o.key, &object.Object{Siblings: []object.Sibling{{Dot: r.Result.Dot, Value: object.Value{Data: []byte(o.value)}}}})
	}
}

// checkRead looks at what a client was answered.
func (ch *checker) checkRead(o *op) {
	ch.checkSiblings(o.key, &o.request.Object)
	ch.checkElementDots(o.key, &o.request.Object)
	ch.checkHeap(o.key, &o.request.Object)
	if ch.opts.Faults&FaultQuorums == 0 || ch.opts.Faults&(FaultLeaves|FaultRemovals) == 0 {
		// Else a node that has not heard that it left may answer alone, where R is 1.
		ch.checkCleared(o.key, &o.request.Object, o.start)
	}
	ch.checkFresh(o)
	readings{ch}.check(o)
	if strings.HasPrefix(o.key, tallyPrefix) && ch.exact() {
		counting{ch}.checkTally(o.key, &o.request.Object, span{o.start, o.end})
	}
}

// checkSiblings: no value stands beside one whose client had seen it, none stands
// there twice, and no dot names two of them.
func (ch *checker) checkSiblings(key string, o *object.Object) {
	if isCounter(key) {
		return // what a sibling shows grows
	}
	ch.checkDots(key, o)
	if strings.HasPrefix(key, expiryPrefix) {
		return // several updates write the same value
	}
	one := o.OneOfEach() // as a client is shown
	o = &one
	for i := range o.Siblings {
		a := &o.Siblings[i]
		if a.Tombstone {
			continue
		}
		w := ch.history.byValue[string(a.Data)]
		if w == nil {
			ch.fail("%s holds %q, which nobody wrote", key, a.Data)
			continue
		}
		for k := range o.Siblings {
			b := &o.Siblings[k]
			switch {
			case k == i:
			case string(a.Data) == string(b.Data) && !b.Tombstone && i < k:
				ch.fail("false sibling: %v made two siblings of %s: %s", w, key, describe(o))
			case !w.plain && w.covers(b.Dot):
				ch.fail("false sibling: %v had seen %q, which stands beside it", w, b.Data)
			}
		}
	}
}

// checkDots: a dot names one event.
func (ch *checker) checkDots(key string, o *object.Object) {
	if ch.history.dots == nil {
		ch.history.dots = make(map[keyDot]string)
	}
	for i := range o.Siblings {
		v := &o.Siblings[i]
		if v.Stripped {
			ch.checkStripped(key, v)
			continue
		}
		name, value := keyDot{key, v.Dot}, string(v.Data)
		if v.Tombstone {
			value = "†"
		}
		if other, seen := ch.history.dots[name]; seen && other != value {
			ch.fail("dot minted twice: %s of %s names %q and %q", dotName(v.Dot), key, other, value)
		}
		ch.history.dots[name] = value
	}
}

// checkStripped: a value has its data for as long as it lives by any right clock.
func (ch *checker) checkStripped(key string, v *object.Sibling) {
	if ch.opts.Faults&FaultJumps == 0 && v.Expiry > unixMilli(ch.now) {
		ch.fail("stripped: %s of %s has no data, %d ms before it expires", dotName(v.Dot), key, v.Expiry-unixMilli(ch.now))
	}
}

func dotName(d causal.Dot) string {
	return describe(&object.Object{Siblings: []object.Sibling{{Dot: d}}})
}

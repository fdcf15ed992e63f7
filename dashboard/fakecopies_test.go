package dashboard_test

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// replicaCopy is what one node stores of a key.
type replicaCopy struct {
	siblings []version
	clock    map[string]int
}

// hint is a copy that a holder keeps for a target.
type hint struct {
	holder, target, key string
	kept                replicaCopy
}

// merge joins two copies as the cluster does.
func merge(a, b replicaCopy) replicaCopy {
	out := replicaCopy{clock: maps.Clone(a.clock)}
	if out.clock == nil {
		out.clock = map[string]int{}
	}
	for actor, counter := range b.clock {
		out.clock[actor] = max(out.clock[actor], counter)
	}
	has := func(c replicaCopy, v version) bool {
		return slices.ContainsFunc(c.siblings, func(x version) bool { return x.id() == v.id() })
	}
	for _, v := range a.siblings {
		if has(b, v) || v.counter > b.clock[v.actor] {
			out.siblings = append(out.siblings, v)
		}
	}
	for _, v := range b.siblings {
		if !has(a, v) && v.counter > a.clock[v.actor] {
			out.siblings = append(out.siblings, v)
		}
	}
	return out
}

// reachesLocked reports whether a message of one node gets to another.
func (f *fake) reachesLocked(from, to string) bool {
	return !f.mu.dead[from] && !f.mu.dead[to] && !slices.ContainsFunc(f.mu.links, func(l object) bool {
		return l["from"] == from && l["to"] == to && l["cut"] == true
	})
}

// walkLocked returns the nodes of a key's preference list.
func (f *fake) walkLocked(key string) []string {
	partition := slot(key) / (16384 / f.mu.partitions)
	if walk := f.mu.walks[partition]; walk != nil {
		return walk
	}
	owners := f.ownersLocked()
	var walk []string
	for i := range owners {
		if node := owners[(partition+i)%len(owners)]; !slices.Contains(walk, node) {
			walk = append(walk, node)
		}
	}
	f.mu.walks[partition] = walk
	return walk
}

func (f *fake) primariesLocked(key string) []string {
	walk := f.walkLocked(key)
	return walk[:min(f.mu.n, len(walk))]
}

func (f *fake) copyLocked(node, key string) replicaCopy { return f.mu.copies[node][key] }

func (f *fake) storeLocked(node, key string, c replicaCopy) {
	if f.mu.copies[node] == nil {
		f.mu.copies[node] = map[string]replicaCopy{}
	}
	f.mu.copies[node][key] = merge(f.mu.copies[node][key], c)
}

// settleLocked does what a cluster does in the background: hints are delivered, unless they
// are held, and replicas are made equal, unless that is paused.
func (f *fake) settleLocked() {
	f.mu.hinted = slices.DeleteFunc(f.mu.hinted, func(h hint) bool {
		if f.mu.held || !f.reachesLocked(h.holder, h.target) {
			return false
		}
		f.storeLocked(h.target, h.key, h.kept)
		return true
	})
	if f.mu.paused {
		return
	}
	for key := range f.mu.objects {
		primaries := f.primariesLocked(key)
		for _, a := range primaries {
			for _, b := range primaries {
				if c := f.copyLocked(a, key); a != b && len(c.clock) > 0 && f.reachesLocked(a, b) {
					f.storeLocked(b, key, c)
				}
			}
		}
	}
}

// moveLocked gives all keys to their primaries after a change of members.
func (f *fake) moveLocked() {
	f.mu.version++
	clear(f.mu.walks)
	for key := range f.mu.objects {
		var all replicaCopy
		for _, copies := range f.mu.copies {
			all = merge(all, copies[key])
			delete(copies, key)
		}
		for _, node := range f.primariesLocked(key) {
			f.storeLocked(node, key, all)
		}
	}
}

func (f *fake) hintsLocked(holder string) map[string]int {
	held := map[string]int{}
	for _, h := range f.mu.hinted {
		if h.holder == holder {
			held[h.target]++
		}
	}
	return held
}

// request is a read or a write under way.
type request struct {
	op, key, via, coordinator string
	need                      int
	answered                  []string // primaries, the coordinator first
	standIns                  map[string]string
	steps                     []object
	repaired                  []string
}

// beginLocked finds out who answers a request.
func (f *fake) beginLocked(r *http.Request, op, key string, need int) *request {
	q := &request{op: op, key: key, via: r.URL.Query().Get("via"), need: need, standIns: map[string]string{}, repaired: []string{}}
	if n, err := strconv.Atoi(r.URL.Query().Get(map[string]string{"get": "r"}[op] + map[string]string{"set": "w", "del": "w"}[op])); err == nil {
		q.need = n
	}
	if q.via == "" {
		q.via = f.mu.names[0]
	}
	if f.mu.dead[q.via] {
		q.via = f.mu.names[slices.IndexFunc(f.mu.names, func(n string) bool { return !f.mu.dead[n] })]
	}
	walk, primaries := f.walkLocked(key), f.primariesLocked(key)
	q.coordinator = walk[max(0, slices.IndexFunc(walk, func(n string) bool { return f.reachesLocked(q.via, n) }))]
	if slices.Contains(primaries, q.via) {
		q.coordinator = q.via
	}
	if slices.Contains(primaries, q.coordinator) {
		q.answered = []string{q.coordinator}
	}
	stand := len(primaries)
	for _, node := range primaries {
		switch {
		case node == q.coordinator || op == "get" && len(q.answered) >= q.need:
		case f.reachesLocked(q.coordinator, node):
			q.answered = append(q.answered, node)
		default:
			q.steps = append(q.steps, object{"at_us": 4, "took_us": nil, "node": node, "role": "primary", "action": "skip", "outcome": "down", "clock": nil})
			for op != "get" && stand < len(walk) {
				holder := walk[stand]
				stand++
				if f.reachesLocked(q.coordinator, holder) {
					q.standIns[node] = holder
					break
				}
			}
		}
	}
	return q
}

func (q *request) got() int { return len(q.answered) + len(q.standIns) }

// traceLocked returns the trace of a request that has ended.
func (f *fake) traceLocked(q *request) object {
	steps, hints := slices.Clone(q.steps), []object{}
	for i, node := range q.answered {
		role, action := "primary", map[string]string{"get": "read", "set": "write", "del": "write"}[q.op]
		if node == q.coordinator {
			role = "coordinator"
			if q.op != "get" {
				action = "apply"
			}
		}
		steps = append(steps, object{"at_us": 10 + 22*i, "took_us": 260 + 240*i, "node": node, "role": role, "action": action, "outcome": "ok", "clock_text": clockText(f.copyLocked(node, q.key).clock)})
	}
	for _, target := range slices.Sorted(maps.Keys(q.standIns)) {
		holder := q.standIns[target]
		steps = append(steps, object{"at_us": 60, "took_us": 700, "node": holder, "role": "fallback", "action": "hint", "for": target, "outcome": "ok", "clock": nil})
		hints = append(hints, object{"holder": holder, "for": target})
	}
	for _, node := range q.repaired {
		steps = append(steps, object{"at_us": 900, "took_us": 300, "node": node, "role": "primary", "action": "repair", "outcome": "ok", "clock": nil})
	}
	return object{
		"op": q.op, "node": q.via, "coordinator": q.coordinator, "forwarded": q.coordinator != q.via, "slot": slot(q.key),
		"partition": slot(q.key) / (16384 / f.mu.partitions), "n": f.mu.n, "need": q.need, "got": q.got(), "micros": 1240, "preference_list": f.preferenceLocked(q.key),
		"steps": steps, "hints": hints, "read_repairs": q.repaired, "siblings": 1,
	}
}

// gatherLocked merges the copies of those that answered a read, and repairs the older ones.
func (f *fake) gatherLocked(q *request) replicaCopy {
	var all replicaCopy
	for _, node := range q.answered {
		all = merge(all, f.copyLocked(node, q.key))
	}
	for _, node := range q.answered {
		if !maps.Equal(f.copyLocked(node, q.key).clock, all.clock) && len(all.clock) > 0 {
			f.storeLocked(node, q.key, all)
			q.repaired = append(q.repaired, node)
		}
	}
	return all
}

// putLocked makes a version on all that answer. Its writer has seen this; nil: what the
// coordinator has.
func (f *fake) putLocked(q *request, v version, seen map[string]int) version {
	c := f.copyLocked(q.coordinator, q.key)
	if seen == nil {
		seen = maps.Clone(c.clock)
	}
	s := f.mu.objects[q.key]
	if s == nil {
		s = &stored{}
		f.mu.objects[q.key] = s
	}
	v.actor, v.at = q.coordinator, time.Now().Add(f.mu.clocks[q.coordinator]).UnixMilli()
	v.counter = max(s.clock()[v.actor], seen[v.actor]) + 1
	if v.clock = maps.Clone(seen); v.clock == nil {
		v.clock = map[string]int{}
	}
	made := replicaCopy{clock: merge(c, replicaCopy{clock: seen}).clock}
	for _, old := range c.siblings {
		if old.counter <= seen[old.actor] {
			v.parents = append(v.parents, old.id())
		} else {
			made.siblings = append(made.siblings, old)
		}
	}
	v.clock[v.actor], made.clock[v.actor] = v.counter, v.counter
	made.siblings = append(made.siblings, v)
	for _, node := range q.answered {
		f.storeLocked(node, q.key, made)
	}
	for target, holder := range q.standIns {
		f.mu.hinted = slices.DeleteFunc(f.mu.hinted, func(h hint) bool {
			if h.holder != holder || h.target != target || h.key != q.key {
				return false
			}
			made = merge(h.kept, made)
			return true
		})
		f.mu.hinted = append(f.mu.hinted, hint{holder, target, q.key, made})
	}
	s.history = append(s.history, v)
	s.merged = merge(s.merged, made)
	s.siblings = s.merged.siblings
	return v
}

// differingLocked returns the keys of each partition whose copies on two nodes differ.
func (f *fake) differingLocked(a, b string) map[int][]string {
	found := map[int][]string{}
	for _, key := range slices.Sorted(maps.Keys(f.mu.objects)) {
		primaries := f.primariesLocked(key)
		if slices.Contains(primaries, a) && slices.Contains(primaries, b) && !maps.Equal(f.copyLocked(a, key).clock, f.copyLocked(b, key).clock) {
			p := slot(key) / (16384 / f.mu.partitions)
			found[p] = append(found[p], key)
		}
	}
	return found
}

// keysLocked lists all keys, and some that are only names.
func (f *fake) keysLocked() object {
	keys := []object{}
	for _, key := range slices.Sorted(maps.Keys(f.mu.objects)) {
		keys = append(keys, object{"key": key, "encoding": "utf8"})
	}
	for i := range 60 {
		keys = append(keys, object{"key": "user:" + strconv.Itoa(i*7919), "encoding": "utf8"})
	}
	return object{"keys": keys, "cursor": "0"}
}

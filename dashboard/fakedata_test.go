package dashboard_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ownersLocked returns the owner of each partition.
func (f *fake) ownersLocked() []string {
	owners := make([]string, f.mu.partitions)
	for i := range owners {
		owners[i] = f.mu.names[(i+i/17)%len(f.mu.names)]
	}
	return owners
}

func (f *fake) ringLocked() object {
	owners := f.ownersLocked()
	var nodes []object
	for _, name := range f.mu.names {
		nodes = append(nodes, object{"name": name, "status": "up"})
	}
	primaries := make([][]string, len(owners))
	for p := range owners {
		for i := 0; i < len(owners) && len(primaries[p]) < f.mu.n; i++ {
			if node := owners[(p+i)%len(owners)]; !slices.Contains(primaries[p], node) {
				primaries[p] = append(primaries[p], node)
			}
		}
	}
	return object{"partitions": f.mu.partitions, "slots": 16384, "version": f.mu.version, "n": f.mu.n, "owners": owners, "primaries": primaries, "next": nil, "nodes": nodes}
}

func (f *fake) policyLocked() object {
	writer := ""
	if f.mu.policy != "lww" {
		writer = "A"
	}
	return object{"name": "conflict-resolution", "value": f.mu.policy, "version": 1, "writer": writer}
}

func (f *fake) operationLocked() object {
	now := time.Now().UnixMilli()
	o := object{
		"id": "B-2", "node": "B", "kind": "gain", "subject": "partitions after a join", "state": "running", "started_ms": now - 60_000, "ended_ms": 0,
		"partitions": object{"done": 3, "total": 64}, "keys": object{"done": 1200, "total": 0}, "bytes": object{"done": 3 << 20, "total": 0},
		"bytes_per_second": 1 << 20, "left_ms": 1_220_000, "error": "C does not answer",
	}
	if f.mu.cancelled {
		o["state"], o["ended_ms"] = "cancelled", now
	}
	return o
}

func (f *fake) operationsLocked() object {
	nothing := object{"error": "", "gaining": 0, "copied": 0, "blocking": []object{}, "failures": []object{}}
	return object{"operations": []object{f.operationLocked()}, "missing": []string{"D"}, "nodes": []object{
		{"node": "A", "transfers": nothing, "reaping": object{"blocking": []object{{"node": "C", "since_ms": 1}}}, "pairs": nothing},
	}}
}

// historyAt is what two nodes did in the last hour: reads all the time, 700 and 3000 a second, and each minute
// 1000 more.
func historyAt(now time.Time) object {
	const samples = 360
	node := func(name string, reads float64) object {
		n, times, zero, rate := object{"node": name}, make([]int64, samples), make([]float64, samples), make([]float64, samples)
		for i := range samples {
			times[i], rate[i] = now.Add(time.Duration(i-samples+1)*10*time.Second).UnixMilli(), reads
			if (samples-1-i)%6 == 0 { // the newest is one
				rate[i] += 1000
			}
		}
		for _, column := range []string{
			"writes_s", "errors_s", "divergent_s", "hints_stored_s", "hints_delivered_s", "read_repairs_s", "forwards_s", "keys_healed_s",
			"read_p50_ms", "read_p99_ms", "read_p999_ms", "write_p50_ms", "write_p99_ms", "write_p999_ms",
		} {
			n[column] = zero
		}
		n["time_ms"], n["reads_s"] = times, rate
		return n
	}
	return object{"interval_ms": 10_000, "nodes": []object{node("A", 700), node("B", 3000)}, "missing": []string{}}
}

// slot hashes a key as Redis Cluster does.
func slot(key string) int {
	var crc uint16
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc % 16384)
}

// preferenceLocked returns the walk from a key: primaries, then fallbacks.
func (f *fake) preferenceLocked(key string) []object {
	var list []object
	for i, node := range f.walkLocked(key) {
		role := "primary"
		if i >= f.mu.n {
			role = "fallback"
		}
		list = append(list, object{"node": node, "role": role, "alive": !f.mu.dead[node]})
	}
	return list
}

func (f *fake) locateLocked(key string) object {
	return object{
		"key": key, "encoding": "utf8", "slot": slot(key), "partition": slot(key) / (16384 / f.mu.partitions),
		"preference_list": f.preferenceLocked(key), "coordinator": f.coordinatorLocked(key),
	}
}

func (f *fake) coordinatorLocked(key string) string {
	for _, p := range f.preferenceLocked(key) {
		if p["alive"].(bool) {
			return p["node"].(string)
		}
	}
	return f.mu.names[0]
}

func clockText(clock map[string]int) string {
	var parts []string
	for _, actor := range slices.Sorted(maps.Keys(clock)) {
		parts = append(parts, fmt.Sprintf("(%s, %d)", actor, clock[actor]))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func clockJSON(clock map[string]int) []object {
	out := []object{}
	for _, actor := range slices.Sorted(maps.Keys(clock)) {
		out = append(out, object{"actor": actor, "counter": clock[actor]})
	}
	return out
}

func (s *stored) clock() map[string]int {
	all := map[string]int{}
	for _, v := range s.history {
		all[v.actor] = max(all[v.actor], v.counter)
	}
	return all
}

// tourLocked returns what is stored of the key of a scenario's only run.
func (f *fake) tourLocked(name string) *stored {
	var found []*stored
	for key, s := range f.mu.objects {
		if strings.HasPrefix(key, "tour:"+name+":") {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		panic(fmt.Sprintf("%d keys of the scenario %s", len(found), name))
	}
	return found[0]
}

// live returns the values that are there.
func (s *stored) live() []string {
	var values []string
	for _, v := range s.siblings {
		if !v.deleted {
			values = append(values, v.value)
		}
	}
	return values
}

func contextOf(clock map[string]int) string {
	raw, _ := json.Marshal(clock)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (f *fake) readLocked(r *http.Request) any {
	key := r.PathValue("key")
	q := f.beginLocked(r, "get", key, f.mu.r)
	if strings.HasPrefix(key, "hash:") {
		return hashJSON(key, f.traceLocked(q))
	}
	if q.got() < q.need {
		return refusal{status: http.StatusServiceUnavailable, text: "too few replicas answer", trace: f.traceLocked(q)}
	}
	c := f.gatherLocked(q)
	trace := f.traceLocked(q)
	siblings := []object{}
	var newest version
	for _, v := range c.siblings {
		if !v.deleted && v.at >= newest.at {
			newest = v
		}
		siblings = append(siblings, object{
			"value": v.value, "encoding": "utf8", "tombstone": v.deleted, "truncated": false, "dot": object{"actor": v.actor, "counter": v.counter},
			"dot_text": fmt.Sprintf("(%s, %d)", v.actor, v.counter), "timestamp_ms": v.at, "expires_at_ms": nil,
		})
	}
	token := ""
	if len(c.clock) > 0 {
		token = contextOf(c.clock)
	}
	return object{
		"key": key, "encoding": "utf8", "found": newest.at > 0, "context": token, "clock": clockJSON(c.clock), "clock_text": clockText(c.clock),
		"siblings": siblings, "values": siblings, "resolved": object{"value": newest.value, "encoding": "utf8"}, "trace": trace,
	}
}

// hashJSON is a hash of two fields, of which one has two concurrent values.
func hashJSON(key string, trace any) object {
	elements := []object{}
	for _, e := range [][3]string{{"color", "blue", "A"}, {"color", "green", "B"}, {"size", "42", "A"}} {
		elements = append(elements, object{
			"type": "hash", "name": object{"value": e[0], "encoding": "utf8"}, "value": object{"value": e[1], "encoding": "utf8"},
			"dot": object{"actor": e[2], "counter": 1}, "dot_text": "(" + e[2] + ", 1)", "timestamp_ms": time.Now().UnixMilli(), "expires_at_ms": nil,
		})
	}
	return object{
		"key": key, "encoding": "utf8", "found": true, "type": "hash", "elements": elements, "element_count": 1200, "context": "", "clock": []object{},
		"clock_text": "[(A, 1), (B, 1)]", "siblings": []object{}, "values": []object{}, "trace": trace,
	}
}

func (f *fake) writeLocked(r *http.Request) any {
	key, value := r.PathValue("key"), body(r)
	op := map[string]string{http.MethodPut: "set", http.MethodDelete: "del"}[r.Method]
	q := f.beginLocked(r, op, key, f.mu.w)
	var seen map[string]int
	if r.URL.Query().Has("context") {
		seen = map[string]int{}
		if raw, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("context")); err == nil {
			_ = json.Unmarshal(raw, &seen)
		}
	}
	v := f.putLocked(q, version{value: value, deleted: op == "del"}, seen)
	if q.got() < q.need {
		return refusal{status: http.StatusServiceUnavailable, text: "too few replicas answer", trace: f.traceLocked(q)}
	}
	f.logLocked(v.actor, "replica", op+" done")
	return object{
		"key": key, "encoding": "utf8", "context": contextOf(v.clock), "dot": object{"actor": v.actor, "counter": v.counter}, "deleted": op == "del",
		"dot_text": fmt.Sprintf("(%s, %d)", v.actor, v.counter), "clock": clockJSON(v.clock), "clock_text": clockText(v.clock), "trace": f.traceLocked(q),
	}
}

func (v version) id() string { return fmt.Sprintf("%s:%d", v.actor, v.counter) }

func (f *fake) versionsLocked(r *http.Request) any {
	key := r.PathValue("key")
	versions := []object{}
	if s := f.mu.objects[key]; s != nil {
		for i, v := range s.history {
			current := slices.ContainsFunc(s.siblings, func(x version) bool { return x.id() == v.id() })
			versions = append(versions, object{
				"id": v.id(), "actor": v.actor, "counter": v.counter, "node": v.actor, "clock": clockJSON(v.clock), "clock_text": clockText(v.clock),
				"parents": v.parents, "value": v.value, "encoding": "utf8", "tombstone": v.deleted, "truncated": false,
				"timestamp_ms": time.Now().UnixMilli() - int64(1000*(len(s.history)-i)), "current": current,
			})
		}
	}
	return object{"key": key, "encoding": "utf8", "versions": versions, "complete": !f.mu.forgotten, "missing": []string{}}
}

func (f *fake) merkleLocked() object {
	var pairs []object
	for i, a := range f.mu.names {
		for j, b := range f.mu.names[i+1:] {
			diverged := []int{}
			if i == 0 && j == 1 {
				diverged = []int{12, 40, 133}
				if f.mu.converged {
					diverged = []int{40}
				}
			}
			for p := range f.differingLocked(a, b) {
				diverged = append(diverged, p)
			}
			slices.Sort(diverged)
			pairs = append(pairs, object{"a": a, "b": b, "shared": 77, "in_sync": 77 - len(diverged), "unknown": 0, "diverged": diverged})
		}
	}
	return object{
		"partitions": f.mu.partitions, "leaves": 1024, "nodes": f.mu.names, "missing": []string{}, "pairs": pairs,
		"exchanges": object{"partitions_compared": 1440, "nodes_compared": 1502, "keys_compared": 31, "keys_exchanged": 12, "naive_keys": 1_210_455},
	}
}

func (f *fake) leavesLocked(r *http.Request) any {
	partition, err := strconv.Atoi(r.PathValue("partition"))
	if err != nil {
		return refusal{status: http.StatusBadRequest, text: "no such partition"}
	}
	keys := []object{{"key": "user:7919", "encoding": "utf8", "a": "[(A, 2)]", "b": "[(A, 1)]"}, {"key": "user:23757", "encoding": "utf8", "a": "[(C, 1)]", "b": nil}}
	a, b := r.URL.Query().Get("a"), r.URL.Query().Get("b")
	for i, key := range f.differingLocked(a, b)[partition] {
		if i == 0 {
			keys = nil
		}
		keys = append(keys, object{"key": key, "encoding": "utf8", "a": clockText(f.copyLocked(a, key).clock), "b": clockText(f.copyLocked(b, key).clock)})
	}
	levels := []object{}
	for level := range 6 {
		compared := 4
		if level == 0 {
			compared = 1
		}
		levels = append(levels, object{"compared": compared, "differing": []object{{"index": 311 >> (2 * (5 - level)), "a": "00000000000000aa", "b": ""}}})
	}
	return object{
		"levels": levels, "partition": partition, "a": r.URL.Query().Get("a"), "b": r.URL.Query().Get("b"), "in_sync": false, "nodes_compared": 21, "naive_keys": 812, "truncated": false,
		"leaves": []object{{"leaf": 311, "keys": keys}},
	}
}

func (f *fake) gossipLocked() object {
	var nodes, seen []object
	for i, a := range f.mu.names {
		var sees []object
		for j, b := range f.mu.names {
			state := "alive"
			if f.mu.dead[b] {
				state = "dead"
			}
			sees = append(sees, object{"node": b, "state": state, "since_ms": time.Now().UnixMilli() - int64(1000*(i+3*j)), "streams": f.streamsLocked(a, b)})
		}
		nodes = append(nodes, object{"node": a, "answered": !f.mu.dead[a], "ring_version": f.mu.version, "sees": sees})
		seen = append(seen, object{"node": a, "at_ms": 1_700_000_000_000 + 210*i})
	}
	return object{
		"gossip_interval_ms": 200, "nodes": nodes,
		"changes": []object{{"version": f.mu.version, "digest": "9f3a", "seen": seen}, {"version": f.mu.version - 1, "digest": "1c02", "seen": seen[:3]}},
	}
}

// streamsLocked returns the streams of a to b. Requests of A do not reach E.
func (f *fake) streamsLocked(a, b string) object {
	if a == "A" && b == "E" || f.mu.dead[b] {
		return object{"foreground": false, "background": false, "available": false, "queued_bytes": 0, "unanswered_requests": 0, "wait_ms": 20, "error": "dial tcp: timeout", "error_ms": time.Now().UnixMilli()}
	}
	return object{"foreground": true, "background": true, "available": true, "queued_bytes": 0, "unanswered_requests": 0, "wait_ms": 20, "error": "", "error_ms": 0}
}

package problem

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

var now = time.UnixMilli(1_800_000_000_000)

func ago(d time.Duration) int64 { return now.Add(-d).UnixMilli() }

// healthy returns the view of a cluster in which nothing is wrong.
func healthy(names ...string) View {
	var members []ring.Member
	for _, name := range names {
		members = append(members, ring.Member{ID: ring.IDOf(name), Name: name})
	}
	v := View{Now: now, Ring: ring.NewRing(ring.NewState("c", 16, ring.Quorums{N: 3, R: 2, W: 2}, members...)), Reports: make(map[string]api.Node)}
	for _, name := range names {
		v.Members = append(v.Members, api.Member{Name: name, Status: "up", Alive: true, PeerAddr: name + ":2", AdminAddr: name + ":3"})
		detail := &api.NodeDetail{SyncMillis: 2}
		for _, other := range names {
			if other != name {
				detail.Sees = append(detail.Sees, api.Observation{Node: other, State: "alive", SinceMillis: ago(time.Hour), Streams: api.Streams{Foreground: true, Available: true, WaitMillis: 20, RoundTripMicros: 400, LeastTripMicros: 300}})
			}
		}
		v.Reports[name] = api.Node{Name: name, Status: "up", Version: "1", Here: &api.NodeFigures{}, Detail: detail}
	}
	return v
}

// sees returns how one node sees another, to be changed.
func (v *View) sees(from, to string) *api.Observation {
	sees := v.Reports[from].Detail.Sees
	return &sees[slices.IndexFunc(sees, func(o api.Observation) bool { return o.Node == to })]
}

// at returns a member, to be changed.
func (v *View) at(name string) *api.Member {
	return &v.Members[slices.IndexFunc(v.Members, func(m api.Member) bool { return m.Name == name })]
}

// stop makes a node one that does not run, and whose port does not answer.
func (v *View) stop(name string) {
	delete(v.Reports, name)
	v.at(name).Status, v.at(name).Alive = "down", false
	for from := range v.Reports {
		o := v.sees(from, name)
		o.State, o.SinceMillis, o.Streams = "dead", ago(5*time.Minute), api.Streams{Error: "refused", ErrorMillis: ago(time.Second)}
	}
}

// far makes the way between a node and all others long.
func (v *View) far(name string, micros int64) {
	for other := range v.Reports {
		if other == name {
			continue
		}
		for _, o := range []*api.Observation{v.sees(other, name), v.sees(name, other)} {
			o.Streams.RoundTripMicros, o.Streams.LeastTripMicros, o.Streams.WaitMillis = micros+micros/10, micros, 3*micros/1000
		}
	}
}

// wait makes one node wait for another, and back.
func (v *View) wait(a, b string, millis int64) {
	v.sees(a, b).Streams.WaitMillis, v.sees(b, a).Streams.WaitMillis = millis, millis
}

func TestFind_EachKind_IsFoundAndNothingElse(t *testing.T) {
	for _, test := range []struct {
		what string
		make func(v *View)
		want []string // kind, node, peer
	}{
		{"nothing", func(*View) {}, nil},
		{"a node is down", func(v *View) { v.stop("C") }, []string{"node-down C"}},
		{"a node is killed, and its port lives", func(v *View) {
			r := v.Reports["C"]
			v.stop("C")
			r.Status, r.Here, r.Detail = "killed", nil, nil
			v.Reports["C"] = r
		}, []string{"node-down C"}},
		{"a node drains", func(v *View) { v.at("B").DrainingMillis = ago(time.Minute) }, []string{"node-drains B"}},
		{"anti-entropy is paused", func(v *View) { v.at("B").RepairPausedMillis = ago(time.Minute) }, []string{"repair-paused B"}},
		{"hints are held", func(v *View) { v.at("B").HintsHeldMillis = ago(time.Minute) }, []string{"hints-held B"}},
		{"a place is vacant", func(v *View) { v.stop("C"); v.at("C").Vacant = true }, []string{"node-down C"}},
		{"a node joins", func(v *View) {
			v.at("D").Status = "joining"
			r := v.Reports["D"]
			r.Status, r.Here, r.Detail = "starting", nil, nil
			v.Reports["D"] = r
		}, nil},
		{"a joiner died", func(v *View) { v.stop("D"); v.at("D").Status = "joining" }, []string{"change-stuck D"}},
		{"a node died while it left", func(v *View) { v.stop("D"); v.at("D").Status = "leaving" }, []string{"change-stuck D"}},
		{"a dead node is removed", func(v *View) { v.stop("D"); v.at("D").Status = "removing" }, nil},
		{"a port does not answer", func(v *View) { delete(v.Reports, "B") }, []string{"no-report B"}},
		{"another version", func(v *View) { r := v.Reports["B"]; r.Version = "2"; v.Reports["B"] = r }, []string{"version-mix "}},
		{"a version that tells none", func(v *View) { r := v.Reports["B"]; r.Version = ""; v.Reports["B"] = r }, []string{"version-mix "}},
		{"a version that gives no detail", func(v *View) { r := v.Reports["B"]; r.Detail = nil; v.Reports["B"] = r }, nil},
		{"a clock is ahead", func(v *View) { v.at("B").ClockOff = 70_000 }, []string{"clock B"}},
		{"a clock is behind", func(v *View) { v.at("B").ClockOff = -70_000 }, []string{"clock B"}},
		{"a disk is full", func(v *View) { v.at("A").ReadOnly = "disk full" }, []string{"read-only A"}},
		{"a disk is slow, and so is its node", func(v *View) {
			v.Reports["C"].Detail.SyncMillis = 150
			for _, other := range []string{"A", "B", "D"} {
				v.sees(other, "C").Streams.WaitMillis = 500
			}
		}, []string{"slow-disk C"}},
		{"a node is slow", func(v *View) {
			for _, other := range []string{"A", "B", "D"} {
				v.wait(other, "C", 500)
			}
		}, []string{"slow-node C"}},
		{"a node is slow, and nobody makes requests", func(v *View) {
			for _, other := range []string{"A", "B", "D"} {
				v.sees(other, "C").Streams.RoundTripMicros, v.sees("C", other).Streams.RoundTripMicros = 300_000, 300_000
			}
		}, []string{"slow-node C"}},
		{"a node is far", func(v *View) { v.far("C", 160_000) }, nil},
		{"a node is far, and requests take their time", func(v *View) {
			v.far("C", 160_000)
			for _, other := range []string{"A", "B", "D"} {
				v.wait(other, "C", 3*200)
			}
		}, nil},
		{"a node is far, and slow", func(v *View) {
			v.far("C", 160_000)
			for _, other := range []string{"A", "B", "D"} {
				v.wait(other, "C", 1500)
			}
		}, []string{"slow-node C"}},
		{"a node is far, and its link is slow", func(v *View) {
			v.far("C", 160_000)
			v.sees("A", "C").Streams.RoundTripMicros = 500_000
		}, []string{"slow-link A C"}},
		{"a link is so slow that answers are overdue", func(v *View) {
			v.sees("A", "B").Streams.Available, v.sees("A", "B").Streams.RoundTripMicros = false, 600_000
		}, []string{"slow-link A B"}},
		{"everything is slow", func(v *View) {
			for _, a := range v.Members {
				for _, b := range v.Members {
					if a.Name < b.Name {
						v.wait(a.Name, b.Name, 500)
					}
				}
			}
		}, nil},
		{"a link is slow", func(v *View) { v.wait("B", "D", 400) }, []string{"slow-link B D"}},
		{"a link is cut one way", func(v *View) { v.sees("A", "B").Streams = api.Streams{Error: "refused"} }, []string{"link-down A B"}},
		{"two of four down", func(v *View) { v.stop("C"); v.stop("D") }, []string{"node-down C", "node-down D"}},
		{"three of four down", func(v *View) { v.stop("B"); v.stop("C"); v.stop("D") }, []string{"no-quorum A", "node-down B", "node-down C", "node-down D"}},
		{"hints wait", func(v *View) {
			v.Reports["A"].Detail.Repair.Hints.Targets = []api.HintTarget{{Node: "B", Count: 3, Bytes: 70, OldestMillis: ago(2 * time.Minute)}}
		}, []string{"hints-wait B"}},
		{"hints have just come", func(v *View) {
			v.Reports["A"].Detail.Repair.Hints.Targets = []api.HintTarget{{Node: "B", Count: 3, OldestMillis: ago(time.Second)}}
		}, nil},
		{"a node is filled", func(v *View) { v.at("B").Refilling = "its disk was lost" }, []string{"replica-behind B"}},
		{"a comparison fails", func(v *View) {
			v.Reports["A"].Detail.Repair.Pairs.Failures = []api.PairFailure{{Partition: 1, Peer: "B", Failures: 2}, {Partition: 2, Peer: "B", Failures: 3}, {Peer: "C", Failures: 1}}
		}, []string{"replica-behind A B"}},
		{"a comparison fails because a node is down", func(v *View) {
			v.stop("B")
			v.Reports["A"].Detail.Repair.Pairs.Failures = []api.PairFailure{{Partition: 1, Peer: "B", Failures: 2}}
		}, []string{"node-down B"}},
		{"a transfer fails", func(v *View) {
			v.Reports["D"].Detail.Repair.Transfers = api.Transfers{Gaining: 4, Copied: 1, Error: "no owner answers", SinceMillis: ago(time.Minute)}
		}, []string{"transfer-fails D"}},
		{"tombstones wait", func(v *View) {
			v.Reports["A"].Detail.Repair.Reaping.Blocking = []api.Blocker{{Node: "C", SinceMillis: ago(time.Hour), Reason: "refuses"}}
		}, []string{"tombstones-blocked C"}},
		{"tombstones have just begun to wait", func(v *View) {
			v.Reports["A"].Detail.Repair.Reaping.Blocking = []api.Blocker{{Node: "C", SinceMillis: ago(time.Minute)}}
		}, nil},
		{"tombstones wait because a node differs, as under load", func(v *View) {
			v.Reports["A"].Detail.Repair.Reaping.Blocking = []api.Blocker{{Node: "C", Keys: 2, SinceMillis: ago(time.Hour)}}
		}, nil},
	} {
		v := healthy("A", "B", "C", "D")
		test.make(&v)
		var got []string
		for _, p := range Find(v) {
			got = append(got, strings.TrimSuffix(fmt.Sprint(p.Kind, " ", p.Node, " ", p.Peer), " "))
			if !slices.Contains(Kinds, p.Kind) || p.What == "" || p.Means == "" || p.Do == "" || p.Level != levelWarn && p.Level != levelError {
				t.Errorf("%s: not whole: %+v", test.what, p)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.what, got, test.want)
		}
	}
}

func TestFind_TooFewNodesForSomeRequests_NamesThose(t *testing.T) {
	members := []ring.Member{{ID: ring.IDOf("A"), Name: "A"}, {ID: ring.IDOf("B"), Name: "B"}, {ID: ring.IDOf("C"), Name: "C"}}
	for _, test := range []struct {
		quorums ring.Quorums
		want    string
	}{
		{ring.Quorums{N: 3, R: 1, W: 3}, "too few for writes (w=3)"},
		{ring.Quorums{N: 3, R: 3, W: 1}, "too few for reads (r=3)"},
		{ring.Quorums{N: 3, R: 3, W: 3}, "too few for reads (r=3) and writes (w=3)"},
		{ring.Quorums{N: 3, R: 2, W: 2}, ""},
	} {
		v := healthy("A", "B", "C")
		v.Ring = ring.NewRing(ring.NewState("c", 16, test.quorums, members...))
		v.stop("C")
		got := ""
		for _, p := range Find(v) {
			if p.Kind == NoQuorum {
				got += p.What
			}
		}
		want := ""
		if test.want != "" {
			want = "requests through A and B fail: 2 of 3 nodes are in reach there, " + test.want
		}
		if got != want {
			t.Errorf("%+v: %q, want %q", test.quorums, got, want)
		}
	}
}

func TestFind_VersionMix_NamesTheNodesOfEachVersion(t *testing.T) {
	v := healthy("A", "B", "C")
	r := v.Reports["B"]
	r.Version = ""
	v.Reports["B"] = r
	found := Find(v)
	if want := "nodes run different versions: 1 on A and C; an older one, which does not tell it, on B"; len(found) != 1 || found[0].What != want {
		t.Errorf("%+v, want %q", found, want)
	}
}

// A read needs one primary; of six nodes three are primaries of each key.
func TestFind_NoPrimaryOfSomeKeysIsUp_NamesTheirShare(t *testing.T) {
	v := healthy("A", "B", "C", "D", "E", "F")
	lost := 0
	for p := range v.Ring.Partitions() {
		all := true
		for _, id := range v.Ring.Primaries(ring.Partition(p)) {
			all = all && v.Ring.Name(id) >= "D"
		}
		if all {
			lost++
		}
	}
	for _, name := range []string{"D", "E", "F"} {
		v.stop(name)
	}
	found := Find(v)
	want := fmt.Sprintf("requests through A, B and C fail: reads of the keys in %d of 16 partitions", lost)
	if lost == 0 {
		t.Fatal("the ring has no such partition: choose other nodes")
	}
	if found[0].Kind != NoQuorum || !strings.HasPrefix(found[0].What, want) {
		t.Errorf("%+v, want %q", found[0], want)
	}
}

func TestFind_Since_IsWhatTheReportsSay(t *testing.T) {
	v := healthy("A", "B", "C")
	v.stop("C")
	v.sees("B", "C").SinceMillis = ago(7 * time.Minute)
	v.Reports["A"].Detail.Repair.Hints.Targets = []api.HintTarget{{Node: "C", Count: 1, Bytes: 10, OldestMillis: ago(4 * time.Minute)}}
	v.Reports["B"].Detail.Repair.Hints.Targets = []api.HintTarget{{Node: "C", Count: 2, Bytes: 20, OldestMillis: ago(3 * time.Minute)}}
	found := Find(v)
	if len(found) != 2 || found[0].SinceMillis != ago(7*time.Minute) || found[1].SinceMillis != ago(4*time.Minute) || found[1].What != "3 hints for C wait on A and B (30 bytes)" {
		t.Errorf("%+v", found)
	}
	v.Reports["B"].Detail.Repair.Hints.Targets = nil
	if found = Find(v); len(found) != 2 || found[1].What != "1 hint for C waits on A (10 bytes)" {
		t.Errorf("%+v", found)
	}
}

func TestTracker_RemembersWhatLasts_AndForgetsWhatEnds(t *testing.T) {
	var tracker Tracker
	slow, down := api.Problem{Kind: SlowNode, Node: "A"}, api.Problem{Kind: NodeDown, Node: "B", SinceMillis: 5}
	for i, step := range []struct {
		seconds int64
		found   []api.Problem
		want    []int64
	}{
		{10, []api.Problem{slow, down}, []int64{10_000, 5}},
		{20, []api.Problem{down, slow}, []int64{5, 10_000}},
		{30, []api.Problem{down}, []int64{5}},
		{40, []api.Problem{slow}, []int64{40_000}},
		{50, []api.Problem{{Kind: SlowNode, Node: "B"}, slow}, []int64{50_000, 40_000}},
	} {
		var got []int64
		for _, p := range tracker.Track(time.Unix(step.seconds, 0), slices.Clone(step.found)) {
			got = append(got, p.SinceMillis)
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
	}
}

func TestCountsAndSince_OfSeveralOfAKind(t *testing.T) {
	all := []api.Problem{{Kind: LinkDown, Node: "A", Peer: "B", SinceMillis: 9}, {Kind: LinkDown, Node: "A", Peer: "C", SinceMillis: 7}, {Kind: Clock, Node: "A", SinceMillis: 3}}
	counts, since := Counts(all), Since(all)
	if len(counts) != len(Kinds) || counts[LinkDown] != 2 || counts[Clock] != 1 || counts[NodeDown] != 0 {
		t.Errorf("counts: %v", counts)
	}
	if len(since) != 2 || since[Has{LinkDown, "A"}] != 7 || since[Has{Clock, "A"}] != 3 {
		t.Errorf("since: %v", since)
	}
}

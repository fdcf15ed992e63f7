package problem

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/quorate/quorate/admin/api"
)

// A node waits for a peer's answer three times as long as the slowest of its answers have
// taken lately. Without requests it knows the time of pings. From these times on, in
// milliseconds, a peer counts as slow.
const (
	slowWait = 300
	slowPing = 100
)

// A peer that is far away is not slow: its answers take as long as the way does. The least time
// that a ping has taken is that of the way. A peer is slow only if pings take longer than it by
// the factor overWay, or answers so long that the wait exceeds it by the factor overWait.
const (
	overWay  = 2
	overWait = 3 * overWay
)

// wait says whether one node has to wait long for another.
type wait struct {
	from, to string
	slow     bool
	millis   int64 // of the wait, or of a ping if that is longer
}

// isSlow reports whether a node has to wait long for a peer, longer than the distance explains.
func isSlow(s api.Streams) bool {
	waits := s.WaitMillis >= slowWait && s.WaitMillis*1000 > overWait*s.LeastTripMicros
	return waits || s.RoundTripMicros >= slowPing*1000 && s.RoundTripMicros > overWay*s.LeastTripMicros
}

func (w wait) involves(name string) bool { return w.from == name || w.to == name }

// waits returns which nodes wait long for one another, in the order of names.
func (v *View) waits() (all []wait) {
	for from, r := range v.Reports {
		if r.Detail == nil {
			continue
		}
		for _, o := range r.Detail.Sees {
			if o.Streams.Foreground {
				all = append(all, wait{from, o.Node, isSlow(o.Streams), max(o.Streams.WaitMillis, o.Streams.RoundTripMicros/1000)})
			}
		}
	}
	slices.SortFunc(all, func(a, b wait) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return all
}

// share returns which part of the waits that keep keeps are slow; none: 0.
func share(all []wait, keep func(wait) bool) float64 {
	slow, kept := 0, 0
	for _, w := range all {
		if !keep(w) {
			continue
		}
		kept++
		if w.slow {
			slow++
		}
	}
	if kept == 0 {
		return 0
	}
	return float64(slow) / float64(kept)
}

// findSlow finds disks, nodes and links that are slow. A node is slow if all others wait
// long for it, while most others do not wait long for one another. A slow disk explains a slow node. A
// link is slow if no other one is.
func findSlow(v *View) (all []api.Problem) {
	waits := v.waits()
	found := false
	for _, m := range v.Members {
		r := v.Reports[m.Name]
		if isSlowDisk(r) {
			all, found = append(all, slowDisk(m.Name, r.Detail.SyncMillis)), true
			continue
		}
		apart := slices.ContainsFunc(waits, func(w wait) bool { return !w.involves(m.Name) })
		if apart && share(waits, func(w wait) bool { return w.to == m.Name }) == 1 && share(waits, func(w wait) bool { return !w.involves(m.Name) }) < 0.5 {
			all, found = append(all, slowNode(m.Name, longest(waits, m.Name))), true
		}
	}
	if found || len(v.Members) < 3 {
		return all
	}
	return append(all, slowLinks(waits)...)
}

// longest returns how long, in milliseconds, some node waits for a node at most.
func longest(waits []wait, to string) (millis int64) {
	for _, w := range waits {
		if w.to == to {
			millis = max(millis, w.millis)
		}
	}
	return millis
}

func slowNode(name string, millis int64) api.Problem {
	return api.Problem{
		Kind: SlowNode, Level: levelWarn, Node: name,
		What:  fmt.Sprintf("%s is slow: the others wait up to %d ms for its answers, and not for each other's", name, millis),
		Means: "Requests that need it take longer, or are answered by others in its place. Nothing is lost.",
		Do:    fmt.Sprintf("Look at the machine of %s: other programs that use its processors, swapped memory, a network card with errors. If nothing is found, restart it once 'quorate admin check --wait' allows that.", name),
	}
}

// slowLinks finds the one pair of nodes that wait long for each other.
func slowLinks(waits []wait) []api.Problem {
	slow := slices.IndexFunc(waits, func(w wait) bool { return w.slow })
	if slow < 0 {
		return nil
	}
	a, b := waits[slow].from, waits[slow].to
	if a > b {
		a, b = b, a
	}
	if share(waits, func(w wait) bool { return !(w.involves(a) && w.involves(b)) }) > 0 {
		return nil
	}
	return []api.Problem{{
		Kind: SlowLink, Level: levelWarn, Node: a, Peer: b,
		What:  fmt.Sprintf("the link between %s and %s is slow: they wait up to %d ms for each other's answers, and for nobody else's", a, b, waits[slow].millis),
		Means: "Requests that need both take longer. Nothing is lost.",
		Do:    fmt.Sprintf("Check the network between the machines of %s and %s: a ping from one to the other tells loss and delay.", a, b),
	}}
}

// findLinks finds nodes that do not reach a node that runs.
func findLinks(v *View) (all []api.Problem) {
	for _, from := range v.Members {
		for _, to := range v.Members {
			reaches, known := v.reaches(from.Name, to.Name)
			if from.Name == to.Name || !known || reaches || !v.isUp(to.Name) {
				continue
			}
			o, _ := v.observation(from.Name, to.Name)
			if o.Streams.Foreground && o.Streams.RoundTripMicros > 0 {
				continue // it has answered a ping in the last seconds: the link is slow
			}
			p := api.Problem{
				Kind: LinkDown, Level: levelWarn, Node: from.Name, Peer: to.Name,
				What:  fmt.Sprintf("%s does not reach %s, which runs", from.Name, to.Name),
				Means: fmt.Sprintf("For %s, %s is down: others stand in for it.", from.Name, to.Name),
				Do:    fmt.Sprintf("Check the network from %s to %s, the peer port of %s.", from.Name, to.PeerAddr, to.Name),
			}
			if o.Streams.Error != "" {
				p.What += ": " + o.Streams.Error
			}
			all = append(all, p)
		}
	}
	return all
}

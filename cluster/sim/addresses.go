package sim

import "fmt"

// move ends the process of a node and starts it again later at a new address. Now
// and then another node's process ends too, and each comes back at the address of
// the other. The next move waits until every member knows where the others are:
// members of which none knows another's address cannot find one another.
func (in *injector) move(a, b *node) {
	if !in.settled() || !in.shutDown(a) {
		return
	}
	if in.rng.IntN(3) == 0 && in.shutDown(b) {
		a.addr, b.addr = b.addr, a.addr
		in.after(in.lasting(), func() { in.revive(b) })
	} else {
		a.moves++
		a.addr = fmt.Sprintf("%s/%d", a.name, a.moves)
	}
	in.note("%s will be at %s, %s at %s", a.name, a.addr, b.name, b.addr)
	in.after(in.lasting(), func() { in.revive(a) })
}

// settled reports whether every member is up and knows where the others are.
func (in *injector) settled() bool {
	for _, n := range in.nodes {
		for _, other := range in.nodes {
			if !n.out && !other.out && (n.life == nil || !n.life.knows(other)) {
				return false
			}
		}
	}
	return true
}

// shutDown ends a member's process, in good order or not. It reports false if there
// is none to end.
func (in *injector) shutDown(n *node) bool {
	switch {
	case n.life == nil || n.out:
		return false
	case n.life.frozen || in.rng.IntN(2) == 0:
		in.crash(n)
	default:
		in.stop(n)
	}
	return true
}

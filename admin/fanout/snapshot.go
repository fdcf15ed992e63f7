package fanout

import "github.com/quorate/quorate/cluster/core/ring"

// Snapshot is a port's own node, and the ring as that node last knew it.
type Snapshot struct {
	Self string // name of the node
	Ring *ring.Ring
}

// Others returns the members other than Self that have an admin port.
func (s *Snapshot) Others() []ring.Member {
	var list []ring.Member
	for _, m := range s.Ring.Members() {
		if m.Name != s.Self && m.AdminAddr != "" {
			list = append(list, m)
		}
	}
	return list
}

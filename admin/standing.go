package admin

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// The port outlives its node. So that it can still show the cluster and reach
// the others when the node is killed, it remembers the last ring that the node
// had.

// standing is the port's node, and the ring as it last knew it.
type standing struct {
	self string
	ring *ring.Ring
}

// others are the members whose ports can be asked.
func (s *standing) others() []ring.Member {
	var list []ring.Member
	for _, m := range s.ring.Members() {
		if m.Name != s.self && m.AdminAddr != "" {
			list = append(list, m)
		}
	}
	return list
}

// node is the node behind the port, if it is ready.
func (s *Server) node() (Node, error) {
	node, err := s.cfg.Process.Node()
	if err != nil {
		return nil, err
	}
	if !isReady(node) {
		return nil, errNotReady
	}
	s.last.Store(&standing{self: node.Name(), ring: node.Ring()})
	return node, nil
}

// stands is what the port knows of its node and of the cluster. The error is
// that of its node, where it never was in a ring in this process's life.
func (s *Server) stands() (*standing, error) {
	_, err := s.node()
	if last := s.last.Load(); last != nil {
		return last, nil
	}
	return nil, err
}

// rememberEvery is how often the port looks at its node's ring when nobody asks.
const rememberEvery = time.Second

// remember keeps the ring in mind until ctx ends.
func (s *Server) remember(ctx context.Context) error {
	tick := time.NewTicker(rememberEvery)
	defer tick.Stop()
	for {
		_, _ = s.node()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func isReady(node Node) bool {
	select {
	case <-node.Ready():
		return true
	default:
		return false
	}
}

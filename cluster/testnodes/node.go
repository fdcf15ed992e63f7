package testnodes

import (
	"context"
	"errors"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/clear"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/replica"
)

// Node is one life of a node, with the methods of the parts that tests use most.
type Node struct {
	*cluster.Node
	*membership.Membership
	*replica.Coordinator
	*coverage.Reader
	*clear.Clearer
	Config cluster.Config // with the address that it got

	cluster *Cluster
	stop    context.CancelFunc
	done    chan error
}

func newNode(c *Cluster, n *cluster.Node, cfg cluster.Config, stop context.CancelFunc) *Node {
	return &Node{
		Node: n, Membership: n.Membership(), Coordinator: n.Coordinator(), Reader: n.Coverage(), Clearer: n.Clearer(),
		Config: cfg, cluster: c, stop: stop, done: make(chan error, 1),
	}
}

// Name returns the node's name.
func (n *Node) Name() string { return n.Config.Name }

// Set carries out a SET through this node.
func (n *Node) Set(key, value string) error {
	r := &replica.Request{Key: []byte(key), Update: &register.Update{Kind: register.Set, Data: []byte(value)}}
	n.Do(context.Background(), []*replica.Request{r})
	return r.Err
}

// MustSet is a SET that has to succeed. On a busy machine nodes may not answer in time, so
// it is tried again some times.
func (n *Node) MustSet(key, value string) {
	n.cluster.tb.Helper()
	err := n.Set(key, value)
	var late *replica.NoQuorumError
	for tries := 1; errors.As(err, &late) && tries < 5; tries++ {
		err = n.Set(key, value)
	}
	if err != nil {
		n.cluster.tb.Fatalf("SET %s through %s: %v", key, n.Name(), err)
	}
}

// Get reads a key through this node, and returns all of its values.
func (n *Node) Get(key string) (values []string, err error) {
	r := &replica.Request{Key: []byte(key)}
	n.Do(context.Background(), []*replica.Request{r})
	for _, s := range r.Object.Siblings {
		if !s.Tombstone {
			values = append(values, string(s.Data))
		}
	}
	return values, r.Err
}

// Require checks that a key has one value, as read through this node.
func (n *Node) Require(key, want string) {
	n.cluster.tb.Helper()
	if values, err := n.Get(key); err != nil || len(values) != 1 || values[0] != want {
		n.cluster.tb.Fatalf("%s through %s: %q, %v; want %q", key, n.Name(), values, err, want)
	}
}

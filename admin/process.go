package admin

import (
	"context"
	"errors"

	"github.com/quorate/quorate/cluster/peer/fault"
)

// Node is what the port needs of the node behind it. Before it is ready, only a
// Prober and a Counted may be asked.
type Node interface {
	Prober
	Reporter
	Operator
	Configurable
	Keyspace
	Replicas
	Gossiper
	Counted
	Worker
}

// Process is the process that the port belongs to.
type Process interface {
	// Node returns the node behind the port, or [ErrKilled].
	Node() (Node, error)
	// Kill stops a node of this process with no goodbye.
	Kill(node string) error
	// Revive starts a killed one again; with loseDisk, without the data that it
	// had: it is still the member that it was, and is filled by the others.
	Revive(node string, loseDisk bool) error
	// Links are the faults of the links from and to the nodes of this process,
	// and SetLinks replaces them all: see [fault.Links.Set].
	Links() []fault.Link
	SetLinks(faults []fault.Link) error
	// AddNode starts one more node, which joins the others, and returns its name;
	// [ErrNotDemo] where the process may not start any.
	AddNode(ctx context.Context) (name string, err error)
	// Join tells a node that waits for it to join the cluster which has these peer
	// addresses; [ErrAlready] if it waits no more.
	Join(through []string) error
	// Commands calls fn for each command that clients of the node called.
	Commands(fn func(CommandTimes))
	// Chaos and Demo report whether this process may break things, and whether
	// it may add nodes.
	Chaos() bool
	Demo() bool
}

// Errors of a [Process].
var (
	// ErrKilled: the node behind the port was killed, or has not started yet.
	ErrKilled = errors.New("the node is not running")
	// ErrChaosForbidden: the process was not started with leave to kill nodes.
	ErrChaosForbidden = errors.New("killing, reviving and breaking links need --chaos")
	// ErrNotHere: the node runs in another process, or not at all.
	ErrNotHere = errors.New("no such node in this process: ask its own admin port")
	// ErrAlready: the node is in the wanted state, or on its way there.
	ErrAlready = errors.New("nothing to do")
	// ErrGone: the node has left its cluster, or has failed, and does not come
	// back by itself.
	ErrGone = errors.New("the node has ended")
	// ErrStandby: the node waits for its first cluster.
	ErrStandby = errors.New("the node waits to be told which cluster to join")
	// ErrBadPeerAddr: nobody could be joined there.
	ErrBadPeerAddr = errors.New("bad peer address")
	// ErrNotDemo: only a demo can start nodes by itself.
	ErrNotDemo = errors.New("this is no demo: start a node with `quorate server --standby` and name its admin address")
)

package admin

import (
	"context"
	"errors"
	"time"

	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/peer/fault"
)

// Process is the process that the port belongs to.
type Process interface {
	// Node returns the node behind the port, or [ErrKilled].
	Node() (Node, error)
	// Kill stops a node of this process as a crash would.
	Kill(node string) error
	// Revive starts a killed node again.
	Revive(node string) error
	// ReviveEmpty starts a killed node again without its data: it is the same member as
	// before, and the others fill it again.
	ReviveEmpty(node string) error
	// Links returns the faults on links from and to the nodes of this process, and
	// SetLinks replaces all of them: see [fault.Links.Set].
	Links() []fault.Link
	SetLinks(faults []fault.Link) error
	// SetClock sets the wall clock of a node of this process off, until it is set to 0 or
	// the process ends.
	SetClock(node string, offset time.Duration) error
	// FillDisk makes the disk of a node of this process count as full, until UnfillDisk or until
	// the node is started again.
	FillDisk(node string) error
	UnfillDisk(node string) error
	// AddNode starts another node, which joins the others, and returns its name. It
	// returns [ErrNotDemo] if the process may not start any.
	AddNode(ctx context.Context) (name string, err error)
	// Join makes a node on standby join the cluster that has these peer addresses. It
	// returns [ErrAlready] if the node is not on standby.
	Join(through []string) error
	// Clients returns how many clients are connected to the node.
	Clients() int
	// Drain makes the node refuse new clients, because it is about to be stopped, and
	// Undrain ends that. A node that starts again takes clients.
	Drain() error
	Undrain() error
	// DrainingSince returns when Drain was called, by the wall clock; zero: the node takes
	// clients.
	DrainingSince() time.Time
	// Commands calls fn for each command that clients have sent to the node.
	Commands(fn func(histogram.CommandTimes))
	// Tracing tells what became of the traces of commands; zero if there are none.
	Tracing() TracingCounts
	// Chaos reports whether faults may be made on purpose, and Demo whether the
	// process may add nodes.
	Chaos() bool
	Demo() bool
}

// TracingCounts tells what became of the traces of commands.
type TracingCounts struct {
	Exported int64 // spans that the collector took
	Failed   int64 // spans that it did not take
	Dropped  int64 // commands for which there was no room
}

// Errors of a [Process].
var (
	// ErrKilled means that the node behind the port was killed, or has not started yet.
	ErrKilled = errors.New("the node is not running")
	// ErrChaosForbidden means that the process was started without --chaos.
	ErrChaosForbidden = errors.New("killing, reviving, breaking links, filling disks, holding hints and setting clocks off need --chaos")
	// ErrNotHere means that the node runs in another process, or not at all.
	ErrNotHere = errors.New("no such node in this process: ask its own admin port")
	// ErrAlready means that the node is in the wanted state, or about to be.
	ErrAlready = errors.New("nothing to do")
	// ErrGone means that the node has left its cluster, or has failed, and does not
	// come back by itself.
	ErrGone = errors.New("the node has ended")
	// ErrStandby means that the node is on standby.
	ErrStandby = errors.New("the node is on standby: it waits for a request to join a cluster")
	// ErrBadPeerAddr means that a peer address is not HOST:PORT.
	ErrBadPeerAddr = errors.New("bad peer address")
	// ErrNotDemo means that the process cannot start nodes, because it is not a demo.
	ErrNotDemo = errors.New("this is no demo: start a node with `quorate server --standby` and name its admin address")
)

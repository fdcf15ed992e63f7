package sim

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// Faults is a set of kinds of faults.
type Faults uint64

// The kinds of faults.
const (
	FaultLoss      Faults = 1 << iota // frames vanish
	FaultDelay                        // frames come late, but before any timeout
	FaultSlow                         // frames come after others were asked in their place
	FaultReorder                      // frames overtake each other
	FaultDuplicate                    // frames whose repetition is harmless come twice
	FaultCuts                         // one direction between two nodes swallows everything
	FaultSuspicion                    // a node takes another one for dead that is not
	FaultFreezes                      // a process stops, keeps its buffers, and goes on
	FaultCrashes                      // a process dies and is started again
	FaultLostSyncs                    // a crash takes what was not synced with it
	FaultDiskFull                     // a disk has no space for a while
	FaultJoins                        // no fault: nodes join the ring
	FaultLeaves                       // no fault: nodes leave it
	FaultRemovals                     // a node dies for good, and is struck off
	FaultSkew                         // clocks differ by up to 5 s
	FaultRestarts                     // no fault: a node stops in good order, and is started again
	FaultRestores                     // a disk is put back from a copy that was made after a stop in good order
	FaultForwards                     // no fault: clients write through nodes that have to send their writes on
	FaultJumps                        // wall clocks are set forwards or back while the node runs
	FaultMoves                        // no fault: a node restarts at another address, or two nodes at each other's
	FaultSnapshots                    // a disk is put back from a copy that was made while its node ran
	FaultClones                       // a second process of a node's identity runs on a copy of its disk
	FaultCounters                     // no fault: clients use INCR
	FaultLocks                        // no fault: clients use SETNX
	FaultExpiries                     // no fault: clients use SET PX and PEXPIREAT
	FaultQuorums                      // no fault: R and W change, and R + W > N stays true
	FaultRefusals                     // no fault: the conflict policy is "error", not "lww"
	FaultInterval                     // no fault: in half of the runs nodes have --durability interval
	FaultHeaps                        // no fault: clients add siblings, and a coordinator allows few
	FaultClears                       // no fault: clients use FLUSHALL
	FaultElements                     // no fault: clients use commands on collections
	FaultHaste                        // no fault: operators change the ring while it changes
	FaultLag                          // nodes take in changes of the ring and copies late, but before any timeout

	faultsEnd
)

const (
	// AllFaults are all kinds.
	AllFaults = faultsEnd - 1
	// SteadyFaults are those under which everything is promised today, on a ring
	// that does not change.
	SteadyFaults = FaultLoss | FaultDelay | FaultSlow | FaultReorder | FaultDuplicate | FaultCuts | FaultSuspicion | FaultFreezes | FaultCrashes | FaultLostSyncs
	// RingFaults are those under which everything is promised today, on a ring that
	// changes.
	RingFaults = FaultDelay | FaultReorder | FaultDuplicate | FaultDiskFull | FaultJoins | FaultLeaves | FaultRemovals
	// MildFaults are those under which it is promised that an update which one node
	// forwards to another is one update.
	MildFaults = FaultDelay | FaultReorder | FaultDuplicate | FaultForwards
)

// mishaps lists the kinds that befall a node or a link at some time and last, those
// of the set.
func (f Faults) mishaps() (kinds []Faults) {
	for kind := Faults(1); kind < faultsEnd; kind <<= 1 {
		if kind&f&^(FaultDelay|FaultReorder|FaultDuplicate|FaultLostSyncs|FaultSkew|FaultForwards|FaultCounters|FaultLocks|FaultExpiries|FaultRefusals|FaultInterval|FaultHeaps|FaultClears|FaultElements|FaultHaste|FaultLag) != 0 {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

var faultNames = map[string]Faults{
	"loss": FaultLoss, "delay": FaultDelay, "reorder": FaultReorder, "duplicate": FaultDuplicate, "cuts": FaultCuts,
	"slow": FaultSlow, "forwards": FaultForwards, "diskfull": FaultDiskFull, "joins": FaultJoins, "leaves": FaultLeaves, "removals": FaultRemovals, "skew": FaultSkew, "restarts": FaultRestarts, "restores": FaultRestores, "jumps": FaultJumps, "moves": FaultMoves, "snapshots": FaultSnapshots, "clones": FaultClones, "counters": FaultCounters, "locks": FaultLocks, "expiries": FaultExpiries, "quorums": FaultQuorums, "refusals": FaultRefusals, "interval": FaultInterval, "heaps": FaultHeaps, "clears": FaultClears, "haste": FaultHaste, "lag": FaultLag, "elements": FaultElements, "suspicion": FaultSuspicion, "freezes": FaultFreezes, "crashes": FaultCrashes, "lostsyncs": FaultLostSyncs,
}

// Options say what a run is like. Zero fields take the defaults that the seed
// chooses.
type Options struct {
	Seed       uint64
	Faults     Faults
	Nodes      int
	Partitions int
	Keys       int // shared by all clients
	Clients    int
	Chaos      time.Duration // for how long clients and faults are at work
	Logger     *slog.Logger
	Trace      func(line string)

	defect defect
	rare   bool // copies are compared only where something triggers it
}

// lanes is how many lanes the nodes of a run have: one to three.
func (o Options) lanes() int { return 1 + int(o.Seed%3) }

// largeBytes is from which size on a collection of a run is large: all are, those of a few elements
// are, or none is.
func (o Options) largeBytes() int64 { return []int64{1, 150, 64 << 10}[o.Seed/3%3] }

// defect is a rule that a run breaks on purpose, so that a test sees the check of
// that rule fail.
type defect uint8

const (
	defectNone     defect = iota
	defectAmnesia         // a crash takes everything that was written since the start
	defectForget          // tombstones are forgotten while an old copy is still somewhere
	defectNewer           // an old value comes back under a time that is later than all
	defectTwins           // another value under the dot of a stored one
	defectContext         // coordinators are told that a client has seen nothing
	defectRepair          // neither hints nor differences between copies are looked after
	defectStorm           // every frame is sent over and over
	defectStale           // reads show nothing
	defectCount           // increments are forgotten
	defectLocks           // SETNX always says that it has set the key
	defectUndead          // an expired value comes back without its expiry
	defectPile            // no answer arrives, and nobody gives up
	defectOrigins         // a forwarded update has another origin at each coordinator
	defectAgain           // a forwarded update is sent twice, with two origins
	defectHeap            // a key has more values than a coordinator allows
	defectSkewed          // a forwarded update is refused where two clocks differ
	defectTrust           // a disk that was put back counts as the newest
	defectClones          // two processes of a node are not told from one another
	defectReaper          // tombstones are dropped without asking the other members
	defectSources         // a node that gains a partition takes its own copy for whole
	defectEarly           // a background write is acknowledged before the node has it
	defectMemory          // a background write is acknowledged when the node has it in memory
	defectUnsynced        // every write is acknowledged when the node has it in memory
	defectRepeat          // a node carries out each increment twice
	defectExpire          // EXPIRE replaces all siblings by one
	defectLimit           // coordinators allow any number of siblings
	defectStrip           // a value that has not expired yet loses its data
	defectBounds          // bounds are above what the nodes make later, and one node does not raise its epochs
	defectDeaf            // a node says that it has carried out a clear, and has not
	defectElement         // all copies of a key lose an element
	defectBase            // replicas that take a delta think that they have all that was before it
	defectUnseen          // removals with a context take what their clients have not seen
	defectScore           // a member of a sorted set has another score
	defectLasting         // EXPIRE lets a set live for longer than it says
	defectFleeting        // PERSIST changes nothing
	defectBases           // a number that was assigned loses its base
	defectDeafSet         // a coordinator does not hear that its SET misses increments
	defectIDs             // sequence numbers of entries are counted, as Redis does, and times are whole seconds
	defectTrims           // a trim takes all entries
	defectFalls           // clients are told one another's ids
	defectOldest          // all copies of a stream lose their oldest entry
	defectFormer          // after a flip of the ring, writes go to the new primaries alone
	defectLeft            // a node that has left the ring is not told
	defectCell            // a replica takes the clock of a delta, and leaves the elements as they are
	defectTorn            // a read of a name has the elements of a moment before its clock
	defectTotals          // a read of some elements has the totals of a moment before its clock
	defectType            // a read of some elements takes a set for a list
	defectHinted          // a read of some elements shows what its node keeps for other nodes
	defectMissed          // what a node has missed of a large collection is not compared
	defectHollow          // a node that is no primary acknowledges a write before it has it
)

// ParseFaults reads kinds of faults by their names, or the sets of them.
func ParseFaults(text string) (kinds Faults, err error) {
	for _, name := range strings.Split(text, ",") {
		switch name {
		case "", "none":
		case "all":
			kinds |= AllFaults
		case "steady":
			kinds |= SteadyFaults
		case "ring":
			kinds |= RingFaults
		case "mild":
			kinds |= MildFaults
		default:
			kind, known := faultNames[name]
			if !known {
				return 0, fmt.Errorf("fault %q: want steady, ring, mild, all, none, or some of %s", name, strings.Join(slices.Sorted(maps.Keys(faultNames)), ", "))
			}
			kinds |= kind
		}
	}
	return kinds, nil
}

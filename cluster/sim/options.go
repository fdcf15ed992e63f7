package sim

import (
	"fmt"
	"log/slog"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// Faults is a set of kinds of faults.
type Faults uint32

// The kinds of faults.
const (
	FaultLoss      Faults = 1 << iota // frames vanish
	FaultDelay                        // frames come late, but before anybody loses patience
	FaultSlow                         // frames come after others were asked in their place
	FaultReorder                      // frames overtake each other
	FaultDuplicate                    // frames whose repetition is harmless come twice
	FaultCuts                         // one direction between two nodes swallows everything
	FaultSuspicion                    // a node takes another one for dead that is not
	FaultFreezes                      // a process stops, keeps its buffers, and goes on
	FaultCrashes                      // a process dies and is started again
	FaultLostSyncs                    // a crash takes what was not synced with it
	FaultForwards                     // no fault: clients write through nodes that have to send their writes on
	FaultOwnDots                      // no fault: clients write with the context that their last write gave them, though it does not cover that write

	faultsEnd
)

const (
	// AllFaults are all kinds.
	AllFaults = faultsEnd - 1
	// DefaultFaults are those under which everything is promised today. Not yet
	// held are:
	//
	//   - with FaultForwards beside anything that makes a coordinator seem silent
	//     (loss, slow, cuts, suspicion, freezes, crashes): a forwarded update is one
	//     update. Its twin makes a false sibling, covers what was written since
	//     (an acknowledged write is lost), or brings a deleted value back.
	//   - with FaultOwnDots: no false sibling for a client that passes its context.
	//     A coordinator that has not heard of the client's last write replaces it
	//     only if it is there.
	DefaultFaults = AllFaults &^ (FaultForwards | FaultOwnDots)
	// MildFaults are those under which forwarded updates are promised as well.
	MildFaults = FaultDelay | FaultReorder | FaultDuplicate | FaultForwards
)

var faultKinds = bits.OnesCount32(uint32(AllFaults))

var faultNames = map[string]Faults{
	"loss": FaultLoss, "delay": FaultDelay, "reorder": FaultReorder, "duplicate": FaultDuplicate, "cuts": FaultCuts,
	"slow": FaultSlow, "forwards": FaultForwards, "owndots": FaultOwnDots, "suspicion": FaultSuspicion, "freezes": FaultFreezes, "crashes": FaultCrashes, "lostsyncs": FaultLostSyncs,
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
}

// defect is a rule that a run breaks on purpose, so that a test sees the check of
// that rule fail.
type defect uint8

const (
	defectNone    defect = iota
	defectAmnesia        // a crash takes everything that was written since the start
	defectForget         // tombstones are forgotten while an old copy is still somewhere
	defectTwins          // another value under the dot of a stored one
	defectContext        // coordinators are told that a client has seen nothing
	defectRepair         // neither hints nor differences between copies are looked after
	defectStorm          // every frame is sent over and over
)

// ParseFaults reads kinds of faults by their names, "default", or "all".
func ParseFaults(text string) (kinds Faults, err error) {
	for _, name := range strings.Split(text, ",") {
		switch name {
		case "", "none":
		case "all":
			kinds |= AllFaults
		case "default":
			kinds |= DefaultFaults
		case "mild":
			kinds |= MildFaults
		default:
			kind, known := faultNames[name]
			if !known {
				return 0, fmt.Errorf("fault %q: want default, mild, all, none, or some of %s", name, strings.Join(slices.Sorted(maps.Keys(faultNames)), ", "))
			}
			kinds |= kind
		}
	}
	return kinds, nil
}

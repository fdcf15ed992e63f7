package sim

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	seeds  = flag.Int("seeds", 0, "how many seeds to run; 0: those of the suite")
	first  = flag.Uint64("first", 1, "the first seed")
	faults = flag.String("faults", "suite", "kinds of faults, with commas between: those of options.go, the sets steady, ring, mild and all, or suite, which takes a set by the seed")
	events = flag.Bool("events", false, "print every event, and what the nodes log")
	twice  = flag.Int("twice", 0, "how many seeds to run twice; 0: those of the suite")
)

// suite are the sets of faults that seeds take in turn: those under which everything
// that is checked holds.
var suite = [...]string{
	"mild,slow,skew,counters,locks,expiries",
	"steady,forwards,skew,counters,locks,expiries",
	"ring,forwards,counters",
	"steady,jumps,moves,snapshots,restores,quorums,expiries",
	"ring,jumps,expiries,clones",
	"steady,moves,clones,restores,snapshots,counters",
	"mild,refusals,counters",
	"ring,forwards,quorums,counters,locks",
	"mild,restarts,crashes,lostsyncs,counters,locks",
	"steady,restarts,expiries,interval,counters",
	"steady,forwards,skew,expiries,heaps",
	"mild,slow,skew,clears",
	"steady,forwards,jumps,moves,snapshots,restores,interval,clears,counters",
	"ring,restarts,clones,clears",
	"mild,restarts,crashes,lostsyncs,skew,jumps,elements",
	"steady,forwards,skew,elements",
	"ring,forwards,quorums,elements",
	"steady,moves,clones,restores,snapshots,interval,clears,elements",
	"delay,reorder,duplicate,forwards,skew,joins,leaves,haste,lag",
}

// kindsFor are the faults of a seed.
func kindsFor(t *testing.T, seed uint64) (Faults, string) {
	t.Helper()
	text := *faults
	if text == "suite" {
		text = suite[seed%uint64(len(suite))]
	}
	kinds, err := ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	return kinds, text
}

func TestSim_Seeds_NothingIsBroken(t *testing.T) {
	n := *seeds
	if n == 0 {
		if n = 300; testing.Short() {
			n = 60
		}
	}
	for i := range uint64(n) {
		seed := *first + i
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			kinds, text := kindsFor(t, seed)
			o := Options{Seed: seed, Faults: kinds}
			if *events {
				o.Trace = func(line string) { fmt.Println(line) }
				o.Logger = slog.New(slog.NewTextHandler(os.Stdout, nil))
			}
			if r := Run(t, o); len(r.Faults) > 0 {
				t.Errorf("seed %d: %s\nlast events:\n%s\nagain: go test ./cluster/sim -run Seeds -seeds 1 -first %d -faults %s",
					seed, strings.Join(r.Faults, "\n"), r.Tail, seed, text)
			}
		})
	}
}

func TestSim_OneSeedTwice_GivesTheSameTrace(t *testing.T) {
	n := *twice
	if n == 0 {
		if n = 30; testing.Short() {
			n = 9
		}
	}
	for i := range uint64(n) {
		seed := *first + i
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			kinds, _ := kindsFor(t, seed)
			if *faults == "suite" && seed%3 == 0 {
				kinds = AllFaults
			}
			var lines [2][]string
			var digests [2]string
			for k := range lines {
				r := Run(t, Options{Seed: seed, Faults: kinds, Trace: func(line string) { lines[k] = append(lines[k], line) }})
				digests[k] = r.Trace
			}
			if digests[0] == digests[1] {
				return
			}
			at := 0
			for at < min(len(lines[0]), len(lines[1])) && lines[0][at] == lines[1][at] {
				at++
			}
			t.Errorf("seed %d: the runs part at event %d, after\n%s\nfirst:  %s\nsecond: %s", seed, at,
				strings.Join(lines[0][max(0, at-15):at], "\n"), lineAt(lines[0], at), lineAt(lines[1], at))
		})
	}
}

func lineAt(lines []string, at int) string {
	if at < len(lines) {
		return lines[at]
	}
	return "(the end)"
}

// plantedUnder are the faults that show a defect, where they are not the steady ones.
var plantedUnder = map[defect]Faults{
	defectSkewed:   MildFaults | FaultCounters | FaultSkew,
	defectTrust:    FaultDelay | FaultRestarts | FaultRestores,
	defectClones:   FaultDelay | FaultClones,
	defectReaper:   SteadyFaults,
	defectSources:  movingFaults,
	defectEarly:    SteadyFaults,
	defectMemory:   SteadyFaults | FaultInterval,
	defectUnsynced: FaultDelay | FaultCrashes | FaultLostSyncs,
	defectExpire:   SteadyFaults | FaultForwards | FaultExpiries,
	defectLimit:    SteadyFaults | FaultForwards | FaultHeaps,
	defectRepeat:   loneFaults,
	defectStrip:    MildFaults | FaultExpiries,
	defectBounds:   MildFaults | FaultClears,
	defectDeaf:     MildFaults | FaultClears,
	defectElement:  SteadyFaults | FaultElements,
	defectUnseen:   SteadyFaults | FaultElements,
	defectBase:     FaultDelay | FaultLoss | FaultReorder | FaultElements,
	defectScore:    SteadyFaults | FaultElements,
	defectLasting:  MildFaults | FaultElements,
	defectFleeting: MildFaults | FaultElements,
	defectIDs:      SteadyFaults | FaultElements,
	defectTrims:    SteadyFaults | FaultElements,
	defectFalls:    MildFaults | FaultElements,
	defectOldest:   MildFaults | FaultElements,
	defectBases:    MildFaults | FaultCounters,
	defectDeafSet:  MildFaults | FaultCounters,
	defectCell:     SteadyFaults | FaultElements,
	defectTorn:     MildFaults | FaultElements,
	defectTotals:   SteadyFaults | FaultElements,
	defectType:     SteadyFaults | FaultElements,
	defectHinted:   FaultLoss | FaultFreezes | FaultElements,
	defectMissed:   FaultLoss | FaultElements,
	defectFormer:   movingFaults,
	defectLeft:     movingFaults,
	defectHollow:   movingFaults,
}

// movingFaults are those of a ring that changes, with all of its members there.
const movingFaults = FaultDelay | FaultReorder | FaultDuplicate | FaultForwards | FaultSkew | FaultJoins | FaultLeaves | FaultHaste | FaultLag

// loneFaults are those of a node that is the whole cluster.
const loneFaults = FaultRestarts | FaultCrashes | FaultLostSyncs | FaultJumps | FaultCounters | FaultLocks | FaultExpiries

func TestSim_PlantedDefect_IsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("asks whether the checks see defects, which a short run need not ask")
	}
	for _, c := range []struct {
		name   string
		defect defect
		want   string
	}{
		{"a crash takes what was synced", defectAmnesia, "lost: "},
		{"tombstones are forgotten too early", defectForget, "returned: "},
		{"an old value has the latest time", defectNewer, "hidden: "},
		{"two values have one dot", defectTwins, "dot minted twice: "},
		{"contexts are ignored", defectContext, "false sibling: "},
		{"reads show nothing", defectStale, "stale: "},
		{"increments are forgotten", defectCount, "miscounted: "},
		{"SETNX always succeeds", defectLocks, "locked twice: "},
		{"what has expired comes back", defectUndead, "undead: "},
		{"requests pile up", defectPile, "unbounded: "},
		{"a key has very many values", defectHeap, "unbounded: "},
		{"a coordinator takes a twin for another update", defectOrigins, "false sibling: "},
		{"an increment is sent to a second node", defectAgain, "miscounted: "},
		{"clocks that differ keep updates from being forwarded", defectSkewed, "refused: "},
		{"a disk that was put back is trusted", defectTrust, "trusted: "},
		{"a second process is not refused", defectClones, "replicas are not equal at rest: "},
		{"tombstones are dropped without asking", defectReaper, "returned: "},
		{"what a node gains is not copied", defectSources, "stale: "},
		{"nothing is repaired", defectRepair, "replicas are not equal at rest: "},
		{"frames are sent over and over", defectStorm, "unbounded: "},
		{"a hint is deleted before its target has it", defectEarly, "undelivered: "},
		{"a hint is deleted when its target has it in memory", defectMemory, "undelivered: "},
		{"a write is acknowledged when it is in memory", defectUnsynced, "thin: "},
		{"a lone node acknowledges an increment that is in memory", defectUnsynced, "miscounted: "},
		{"a lone node carries out increments twice", defectRepeat, "miscounted: "},
		{"EXPIRE drops a sibling", defectExpire, "lost: "},
		{"coordinators allow any number of siblings", defectLimit, "unbounded: "},
		{"values are stripped before they expire", defectStrip, "stripped: "},
		{"the bound of a node is above what it makes later", defectBounds, "thin: "},
		{"a node has not carried out a clear, and says so", defectDeaf, "returned: "},
		{"an element of a collection vanishes", defectElement, "element lost: "},
		{"a number that was assigned loses its base", defectBases, "miscounted: "},
		{"a SET does not take in what was added before", defectDeafSet, "miscounted: "},
		{"a removal takes what its client has not seen", defectUnseen, "element lost: "},
		{"a copy that takes a delta thinks that it has all that was before", defectBase, "element lost: "},
		{"a score is replaced by another", defectScore, "sorted0 holds "},
		{"a set lives on", defectLasting, "outlived: "},
		{"PERSIST changes nothing", defectFleeting, "element lost: "},
		{"ids of entries are counted", defectIDs, "id given twice: "},
		{"clients are told one another's ids", defectFalls, "id falls: "},
		{"a trim takes all entries", defectTrims, "element lost: "},
		{"a trim takes more than it says", defectOldest, "overtrimmed: "},
		{"a record is written without its cells", defectCell, "element lost: "},
		{"a cell is read before its record", defectTorn, "element hidden: "},
		{"a removed cell is read before its record", defectTorn, "element returned: "},
		{"a set is taken for a list", defectType, "wrong type: "},
		{"a set shows another expiry", defectLasting, "wrong expiry: "},
		{"totals are read before their record", defectTotals, "wrong length: "},
		{"a read shows a hint in place of the copy", defectHinted, "stale: "},
		{"what a node has missed is not compared", defectMissed, "replicas are not equal at rest: "},
		{"former primaries are forgotten at once", defectFormer, "stale: "},
		{"a node that has left is not told", defectLeft, "stale: "},
		{"a node that gains acknowledges what it does not have", defectHollow, "stale: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			most := 10
			first := uint64(0)
			if c.defect == defectDeafSet {
				first = 42 // of the few in which a SET comes within milliseconds of an increment elsewhere
			}
			switch c.defect {
			case defectSources, defectBase:
				most = 60 // only a read shows it that asks two nodes which lack the key, or the element
			case defectIDs:
				most = 60 // two sides of a split choose one second
			case defectUnseen, defectFleeting, defectHinted, defectTorn:
				most = 60 // clients must do the one right after the other
			case defectMissed:
				most = 200 // the last change of a key is one of which a frame was lost
			}
			kinds := SteadyFaults
			if slices.Contains([]defect{defectStale, defectCount, defectLocks, defectUndead}, c.defect) {
				kinds = MildFaults | FaultCounters | FaultLocks | FaultExpiries
			}
			if slices.Contains([]defect{defectOrigins, defectAgain}, c.defect) {
				kinds = SteadyFaults | FaultForwards | FaultCounters
			}
			if k, special := plantedUnder[c.defect]; special {
				kinds = k
			}
			if kinds == movingFaults {
				most = 60
			}
			for seed := range uint64(most) {
				o := Options{Seed: first + seed, Faults: kinds, defect: c.defect}
				if strings.Contains(c.name, "lone node") {
					o.Nodes, o.Faults = 1, loneFaults
				}
				if c.defect == defectSources {
					o.Nodes, o.Keys = 5, 40 // what is written again soon need not be copied
				}
				if c.defect == defectHinted || c.defect == defectMissed {
					o.Nodes, o.Clients = 3, 10 // no fallback takes what a primary has missed
				}
				if c.defect == defectTorn {
					o.Clients = 10 // that read one name often
				}
				if c.defect == defectMissed {
					o.Chaos, o.rare = 1500*time.Millisecond, true // the next change of a key mends it
				}
				if c.defect == defectStorm {
					o.Chaos = time.Second // a storm takes the simulator long
				}
				r := Run(t, o)
				for _, text := range r.Faults {
					if strings.HasPrefix(text, c.want) {
						t.Logf("found by seed %d: %s", seed, text)
						return
					}
				}
			}
			t.Errorf("%d seeds did not find it", most)
		})
	}
}

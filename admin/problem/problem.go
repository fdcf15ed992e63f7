package problem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Kinds of problems.
const (
	NodeDown          = "node-down"
	ChangeStuck       = "change-stuck"
	NoReport          = "no-report"
	VersionMix        = "version-mix"
	Clock             = "clock"
	ReadOnly          = "read-only"
	SlowDisk          = "slow-disk"
	SlowNode          = "slow-node"
	SlowLink          = "slow-link"
	LinkDown          = "link-down"
	NoQuorum          = "no-quorum"
	HintsWait         = "hints-wait"
	ReplicaBehind     = "replica-behind"
	RepairPaused      = "repair-paused"
	NodeDrains        = "node-drains"
	HintsHeld         = "hints-held"
	TransferFails     = "transfer-fails"
	TombstonesBlocked = "tombstones-blocked"
)

// Kinds lists all kinds.
var Kinds = []string{
	NodeDown, ChangeStuck, NoReport, VersionMix, Clock, ReadOnly, SlowDisk, SlowNode, SlowLink, LinkDown, NoQuorum,
	HintsWait, ReplicaBehind, RepairPaused, NodeDrains, HintsHeld, TransferFails, TombstonesBlocked,
}

// Levels of problems, as those of the log.
const (
	levelError = "error" // requests fail, or data is at risk
	levelWarn  = "warn"
)

// View is what one node knows of its cluster.
type View struct {
	Now     time.Time
	Ring    *ring.Ring
	Members []api.Member        // as in the answer of GET /api/cluster
	Reports map[string]api.Node // what the ports said, by name of the member; with Detail
}

// Find lists the problems, the worst first. Those without a time have SinceMillis 0: see
// [Tracker].
func Find(v View) []api.Problem {
	all := []api.Problem{}
	for _, find := range []func(*View) []api.Problem{
		findNoQuorum, findDown, findStuck, findReadOnly, findClocks, findSlow, findLinks, findHints,
		findBehind, findPaused, findDraining, findHeld, findTransfers, findTombstones, findNoReport, findVersions,
	} {
		all = append(all, find(&v)...)
	}
	slices.SortStableFunc(all, func(a, b api.Problem) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

// rank orders problems by their level.
func rank(p api.Problem) int {
	if p.Level == levelError {
		return 0
	}
	return 1
}

// observation returns how one node sees another; ok is false if that is not known.
func (v *View) observation(from, to string) (o api.Observation, ok bool) {
	detail := v.Reports[from].Detail
	if detail == nil {
		return o, false
	}
	i := slices.IndexFunc(detail.Sees, func(o api.Observation) bool { return o.Node == to })
	if i < 0 {
		return o, false
	}
	return detail.Sees[i], true
}

// reaches reports whether one node can send requests to another; known is false if that is
// not known.
func (v *View) reaches(from, to string) (reaches, known bool) {
	if from == to {
		return v.Reports[from].Here != nil, true
	}
	o, known := v.observation(from, to)
	return o.Streams.Available, known
}

// isUp reports whether a node runs: its port says so, or another node reaches it, as one
// that joins and has no place in the ring yet.
func (v *View) isUp(name string) bool {
	switch r := v.Reports[name]; {
	case r.Here != nil:
		return true
	case r.Status == "killed":
		return false
	}
	for from := range v.Reports {
		if reaches, known := v.reaches(from, name); known && reaches {
			return true
		}
	}
	return false
}

// deadSince returns when gossip first saw a node dead, the earliest time that a node has;
// 0: not known.
func (v *View) deadSince(name string) (since int64) {
	for from := range v.Reports {
		if o, ok := v.observation(from, name); ok && o.State == "dead" && o.SinceMillis != 0 {
			since = earlier(since, o.SinceMillis)
		}
	}
	return since
}

// earlier returns the lesser of two times, of which 0 is unknown.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// lasted reports whether something has lasted for a time; since is unix milliseconds.
func (v *View) lasted(since int64, d time.Duration) bool {
	return since != 0 && v.Now.Sub(time.UnixMilli(since)) >= d
}

// list joins names as a sentence does: "A, B and C".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// count writes a number with its noun.
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

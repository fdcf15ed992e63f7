package problem

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// How long something may last before it is a problem.
const (
	hintsTime      = time.Minute      // hints: those of a short fault are delivered sooner
	tombstonesTime = 10 * time.Minute // tombstones that wait for a member that is down or refuses
	differingTime  = 6 * time.Hour    // tombstones that wait for a member that differs, as under load
)

// findHints finds nodes for which hints have waited for long.
func findHints(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		var holders []string
		var hints, bytes, oldest int64
		for _, name := range slices.Sorted(maps.Keys(v.Reports)) {
			if v.Reports[name].Detail == nil {
				continue
			}
			for _, t := range v.Reports[name].Detail.Repair.Hints.Targets {
				if t.Node == m.Name && t.Count > 0 {
					holders = append(holders, name)
					hints, bytes, oldest = hints+t.Count, bytes+t.Bytes, earlier(oldest, t.OldestMillis)
				}
			}
		}
		if !v.lasted(oldest, hintsTime) {
			continue
		}
		p := api.Problem{
			Kind: HintsWait, Level: levelWarn, Node: m.Name, SinceMillis: oldest,
			What:  fmt.Sprintf("%s on %s (%d bytes)", count(hints, "hint for "+m.Name+" waits", "hints for "+m.Name+" wait"), list(holders), bytes),
			Means: fmt.Sprintf("%s does not have these writes yet. Hints older than --hint-age are dropped; comparing the replicas brings the writes then.", m.Name),
			Do:    fmt.Sprintf("Bring %s back.", m.Name),
		}
		switch {
		case m.ReadOnly != "":
			p.Do = fmt.Sprintf("Make %s accept writes again.", m.Name)
		case v.isUp(m.Name):
			p.Do = fmt.Sprintf("Read the logs of %s and %s: deliveries stop for a reason that they tell.", list(holders), m.Name)
		}
		all = append(all, p)
	}
	return all
}

// findBehind finds replicas that lack something: those that the others fill, and those whose
// comparison with another one that runs fails.
func findBehind(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		if m.Refilling != "" {
			all = append(all, api.Problem{
				Kind: ReplicaBehind, Level: levelWarn, Node: m.Name, What: fmt.Sprintf("%s is being filled by the others: %s", m.Name, m.Refilling),
				Means: "Until it has everything, it counts for no read: its keys have one copy fewer.",
				Do:    "Wait; 'quorate admin operations' shows the progress. Stop no other node meanwhile.",
			})
		}
		detail := v.Reports[m.Name].Detail
		if detail == nil {
			continue
		}
		for _, peer := range v.Members {
			var pairs int64
			var reason string
			for _, f := range detail.Repair.Pairs.Failures {
				if f.Peer == peer.Name && f.Failures > 1 {
					pairs++
					reason = f.Error
				}
			}
			if reaches, _ := v.reaches(m.Name, peer.Name); pairs == 0 || !reaches {
				continue // or the missing link is the problem
			}
			all = append(all, api.Problem{
				Kind: ReplicaBehind, Level: levelWarn, Node: m.Name, Peer: peer.Name,
				What:  fmt.Sprintf("%s cannot compare %s with %s: %s", m.Name, count(pairs, "partition", "partitions"), peer.Name, reason),
				Means: "Where the two differ, one of them lacks writes, and reads that ask only this one may miss them.",
				Do:    "It is tried again by itself. If it goes on, read the logs of both.",
			})
		}
	}
	return all
}

// findPaused finds nodes on which anti-entropy is paused.
func findPaused(v *View) []api.Problem {
	return findWanted(v, func(m *api.Member) (int64, api.Problem) {
		return m.RepairPausedMillis, api.Problem{
			Kind:  RepairPaused,
			What:  fmt.Sprintf("anti-entropy is paused on %s", m.Name),
			Means: "An operator has paused it. The node does not look for writes that its copies lack, so that copies which differ stay so until someone reads the key.",
			Do:    "When the reason for the pause is over: 'quorate admin repair resume'.",
		}
	})
}

// findHeld finds nodes that hold their hints.
func findHeld(v *View) []api.Problem {
	return findWanted(v, func(m *api.Member) (int64, api.Problem) {
		return m.HintsHeldMillis, api.Problem{
			Kind:  HintsHeld,
			What:  fmt.Sprintf("%s holds its hints", m.Name),
			Means: "Someone asked for it, to try what happens. Nodes that come back do not get the writes that they missed, and a read may be stale.",
			Do:    "Press Hold hints on the dashboard again, or POST /api/hints/release. A hold ends by itself after ten minutes.",
		}
	})
}

// findTransfers finds nodes that fail to copy the partitions that they gain.
func findTransfers(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		detail := v.Reports[m.Name].Detail
		if detail == nil || detail.Repair.Transfers.Error == "" {
			continue
		}
		t := detail.Repair.Transfers
		all = append(all, api.Problem{
			Kind: TransferFails, Level: levelError, Node: m.Name, SinceMillis: t.SinceMillis,
			What:  fmt.Sprintf("%s cannot copy %s that it gains: %s", m.Name, count(int64(t.Gaining-t.Copied), "partition", "partitions"), t.Error),
			Means: "The change of the ring does not end until it has them. Nothing is lost: the old owners keep their copies.",
			Do:    "It is tried again by itself. Bring back the owners that are down, or remove them.",
		})
	}
	return all
}

// findTombstones finds members for which old tombstones wait.
func findTombstones(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		var waiting []string
		var since int64
		var reason string
		for _, name := range slices.Sorted(maps.Keys(v.Reports)) {
			if v.Reports[name].Detail == nil {
				continue
			}
			for _, b := range v.Reports[name].Detail.Repair.Reaping.Blocking {
				most := tombstonesTime
				if b.Keys > 0 {
					most = differingTime
				}
				if b.Node == m.Name && v.lasted(b.SinceMillis, most) {
					waiting, since, reason = append(waiting, name), earlier(since, b.SinceMillis), b.Reason
				}
			}
		}
		if len(waiting) == 0 {
			continue
		}
		all = append(all, api.Problem{
			Kind: TombstonesBlocked, Level: levelWarn, Node: m.Name, SinceMillis: since,
			What:  fmt.Sprintf("tombstones on %s wait for %s, which %s", list(waiting), m.Name, reason),
			Means: "Deleted keys keep their place on disk until all members agree to forget them.",
			Do:    fmt.Sprintf("Bring %s back. If it never returns: 'quorate admin remove %s'.", m.Name, m.Name),
		})
	}
	return all
}

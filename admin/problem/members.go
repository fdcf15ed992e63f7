package problem

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// findDown finds members that no node reaches. Those that were joining or leaving are
// [ChangeStuck].
func findDown(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		if v.isUp(m.Name) || isChanging(m) {
			continue
		}
		p := api.Problem{
			Kind: NodeDown, Level: levelWarn, Node: m.Name, SinceMillis: v.deadSince(m.Name),
			What:  m.Name + " is down: no node reaches it",
			Means: "Its keys have one copy fewer in reach. Others stand in for it and keep hints until it is back.",
			Do: fmt.Sprintf("Start it again with its data directory. If its disk is lost: start it with an empty one and --replace. If it never returns: 'quorate admin remove %s'.",
				m.Name),
		}
		if m.Vacant {
			p.What = m.Name + " is down, and its place is vacant"
			p.Do = fmt.Sprintf("Start a node with --name %s, an empty data directory and --join %s.", m.Name, strings.Join(v.upPeers(), ","))
		}
		all = append(all, p)
	}
	return all
}

// upPeers lists the peer addresses of the nodes that run.
func (v *View) upPeers() (addrs []string) {
	for _, m := range v.Members {
		if v.isUp(m.Name) {
			addrs = append(addrs, m.PeerAddr)
		}
	}
	return addrs
}

// isChanging reports whether a member joins or leaves. One that is removed is dead, and may
// be.
func isChanging(m api.Member) bool {
	return m.Status == "joining" || m.Status == "leaving" || m.Status == "removing"
}

// findStuck finds members that died while they joined or left.
func findStuck(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		if v.isUp(m.Name) || !isChanging(m) || m.Status == "removing" {
			continue
		}
		p := api.Problem{
			Kind: ChangeStuck, Level: levelError, Node: m.Name, SinceMillis: v.deadSince(m.Name),
			What:  fmt.Sprintf("%s is down while it is %s", m.Name, m.Status),
			Means: "The change of the ring cannot end without it: data stays with the old owners, and no tombstone is removed.",
			Do: fmt.Sprintf("Start it again with the same data directory: it goes on where it stopped. If it cannot be started: 'quorate admin remove %s'.",
				m.Name),
		}
		all = append(all, p)
	}
	return all
}

// findDraining finds nodes that refuse new clients, because they are about to be stopped.
func findDraining(v *View) []api.Problem {
	return findWanted(v, func(m *api.Member) (int64, api.Problem) {
		return m.DrainingMillis, api.Problem{
			Kind:  NodeDrains,
			What:  m.Name + " drains: it refuses new clients",
			Means: "An operator is about to stop it. It keeps its data and answers the other nodes, so that no request fails.",
			Do:    fmt.Sprintf("Stop %s and start it again, which ends this. Or leave it running: 'quorate admin drain --undo' at its own admin port.", m.Name),
		}
	})
}

// findWanted finds nodes in a state that somebody has asked for. state tells since when one is
// (unix milliseconds; 0: it is not), and what to say of it.
func findWanted(v *View, state func(m *api.Member) (since int64, p api.Problem)) (all []api.Problem) {
	for i := range v.Members {
		m := &v.Members[i]
		since, p := state(m)
		if since == 0 {
			continue
		}
		p.Level, p.Node, p.SinceMillis = levelWarn, m.Name, since
		all = append(all, p)
	}
	return all
}

// findNoReport finds nodes that run and whose admin port does not answer.
func findNoReport(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		if _, answered := v.Reports[m.Name]; answered || !v.isUp(m.Name) {
			continue
		}
		p := api.Problem{
			Kind: NoReport, Level: levelWarn, Node: m.Name,
			What:  fmt.Sprintf("the admin port of %s does not answer, at %s", m.Name, m.AdminAddr),
			Means: "The node answers requests, but its own problems are not known here.",
			Do:    "Check that the other nodes can reach this address (--admin-addr), and that all ports have the same token and TLS settings.",
		}
		if m.AdminAddr == "" {
			p.What = m.Name + " has no admin port"
			p.Do = "Start it with --admin-addr."
		}
		all = append(all, p)
	}
	return all
}

// findVersions finds out whether nodes run different versions of the program.
func findVersions(v *View) []api.Problem {
	nodes := make(map[string][]string)
	for name, r := range v.Reports {
		version := cmp.Or(r.Version, "an older one, which does not tell it,")
		nodes[version] = append(nodes[version], name)
	}
	if len(nodes) < 2 {
		return nil
	}
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(nodes)) {
		slices.Sort(nodes[version])
		parts = append(parts, fmt.Sprintf("%s on %s", version, list(nodes[version])))
	}
	return []api.Problem{{
		Kind: VersionMix, Level: levelWarn,
		What:  "nodes run different versions: " + strings.Join(parts, "; "),
		Means: "That is meant to last as long as an upgrade does. What only the newer version knows is not used until all have it.",
		Do:    "Go on with the upgrade, one node after the other.",
	}}
}

// findClocks finds nodes whose clock is so wrong that others do not follow it.
func findClocks(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		if m.ClockOff == 0 {
			continue
		}
		off := (time.Duration(m.ClockOff) * time.Millisecond).Round(time.Second)
		p := api.Problem{
			Kind: Clock, Level: levelError, Node: m.Name,
			What:  fmt.Sprintf("the clock of %s is %v ahead of the others'", m.Name, off),
			Means: "Under last-write-wins its writes replace later ones of other nodes, and keys expire at the wrong time.",
			Do:    "Set it right, and keep it synchronised (NTP).",
		}
		if off < 0 {
			p.What = fmt.Sprintf("the clock of %s is %v behind the others'", m.Name, -off)
			p.Means = "Under last-write-wins its writes lose against earlier ones of other nodes, and keys expire at the wrong time."
		}
		all = append(all, p)
	}
	return all
}

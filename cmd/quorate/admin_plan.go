package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

type adminPlan struct {
	Change string `arg:"" enum:"join,leave,remove,replace" help:"join, leave, remove or replace."`
	Node   string `arg:"" help:"Name of the node."`
	Zone   string `placeholder:"ZONE" help:"Of a node that joins: its zone."`
}

// Run implements the command.
func (c adminPlan) Run(ctx context.Context, con console, cli *commands) error {
	path := "/api/plan/" + c.Change + "/" + url.PathEscape(c.Node)
	if c.Zone != "" {
		path += "?zone=" + url.QueryEscape(c.Zone)
	}
	return show(ctx, con, cli, question[api.Plan]{ask: get[api.Plan](path), print: printPlan})
}

// printPlan prints each node's part in a change.
func printPlan(out io.Writer, v api.Plan, _ time.Time) error {
	fmt.Fprintln(out, wrapped(fmt.Sprintf("%s %s copies %s: %s, %s. Nothing has been changed.",
		v.Change, v.Node, countOf(v.Partitions, "partition"), countOf(int(v.Keys), "key"), size(v.Bytes)), ""))
	t := newTable("NODE", "TOKENS", "PARTITIONS", "COPIES IN", "KEYS", "BYTES", "DROPS", "DISK FREE")
	for _, n := range v.Nodes {
		free := "?"
		if n.DiskFree != nil {
			free = size(*n.DiskFree)
		}
		t.add(n.Node, changed(n.TokensBefore, n.TokensAfter), changed(n.PartitionsBefore, n.PartitionsAfter), n.Gains, n.GainsKeys, size(n.GainsBytes), n.Drops, free)
	}
	if err := t.print(out); err != nil {
		return err
	}
	for _, note := range planNotes(v) {
		fmt.Fprintln(out, wrapped(note, ""))
	}
	printMissing(out, v.Missing)
	return nil
}

// planNotes says what to mind before a change is made.
func planNotes(v api.Plan) (notes []string) {
	if v.InTransition {
		notes = append(notes, "Another change is under way. It is part of these figures; better wait for its end.")
	}
	if v.Copies < v.N {
		notes = append(notes, fmt.Sprintf("Afterwards each key has %d copies, fewer than n=%d, until another node joins.", v.Copies, v.N))
	}
	for _, n := range v.Nodes {
		if n.DiskFree != nil && n.GainsBytes > *n.DiskFree {
			notes = append(notes, fmt.Sprintf("%s has less free disk (%s) than it would get (%s, before compression).", n.Node, size(*n.DiskFree), size(n.GainsBytes)))
		}
	}
	switch ring.ChangeKind(v.Change) {
	case ring.PlanRemove:
		notes = append(notes, fmt.Sprintf("Only for a node that is dead: what only %s has is lost. A live one: 'quorate admin leave %s'.", v.Node, v.Node))
	case ring.PlanReplace:
		notes = append(notes, fmt.Sprintf("Until it is filled, the keys of %s have one copy fewer.", v.Node))
	}
	return notes
}

// changed writes a number that changes.
func changed(before, after int) string {
	if before == after {
		return fmt.Sprint(before)
	}
	return fmt.Sprintf("%d -> %d", before, after)
}

// size writes bytes in the unit that suits.
func size(bytes int64) string {
	value, unit := float64(bytes), ""
	for _, unit = range []string{"", "KiB", "MiB", "GiB", "TiB"} {
		if value < 1024 || unit == "TiB" {
			break
		}
		value /= 1024
	}
	if unit == "" {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
)

type adminStatus struct{}

// statusView is what `quorate admin status` shows. Problems is null where the port is of an
// older version, which knows none.
type statusView struct {
	Cluster  api.Cluster   `json:"cluster"`
	Repair   []api.Repair  `json:"repair"`
	Problems *api.Problems `json:"problems"`
}

// Run implements the command.
func (adminStatus) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[statusView]{ask: askStatus, print: printStatus, fault: func(v statusView) error {
		if v.Problems == nil {
			return nil
		}
		return faultOf(*v.Problems)
	}})
}

func askStatus(ctx context.Context, port *api.Client) (v statusView, err error) {
	if v.Cluster, err = port.Cluster(ctx); err != nil {
		return v, err
	}
	work, err := port.Operations(ctx)
	if err != nil {
		return v, err
	}
	v.Repair = work.Nodes
	found, err := port.Problems(ctx)
	var refusal *api.StatusError
	if errors.As(err, &refusal) && refusal.Status == http.StatusNotFound {
		return v, nil
	}
	v.Problems = &found
	return v, err
}

func printStatus(out io.Writer, v statusView, now time.Time) error {
	if err := printCluster(out, v.Cluster); err != nil {
		return err
	}
	for _, line := range reapingDelays(v.Repair, now) {
		fmt.Fprintln(out, line)
	}
	if v.Problems == nil {
		return nil
	}
	return printProblems(out, *v.Problems, now)
}

func printCluster(out io.Writer, v api.Cluster) error {
	fmt.Fprintf(out, "n=%d r=%d w=%d partitions=%d ring=%d seen by %s\n", v.N, v.R, v.W, v.Partitions, v.RingVersion, v.Self)
	printCapped(out, v)
	if v.InTransition {
		fmt.Fprintf(out, "data is moving; still to receive theirs: %s\n", strings.Join(v.Pending, ", "))
	}
	t := newTable("NODE", "STATUS", "TOKENS", "KEYS", "BYTES", "HINTS", "CLIENT")
	for _, m := range v.Nodes {
		t.add(m.Name, statusText(m), m.Tokens, figure(m.Keys), sizeFigure(m.Bytes), figure(m.Hints), m.ClientAddr)
	}
	return t.print(out)
}

// statusText says in a few words how a member is.
func statusText(m api.Member) string {
	status := m.Status
	if !m.Alive && (status == "joining" || status == "leaving") {
		status += ", down"
	}
	if m.Vacant {
		status += ", vacant"
	}
	if m.ClockOff != 0 {
		status += ", wrong clock"
	}
	if m.Refilling != "" {
		status += ", being filled"
	}
	if m.ReadOnly != "" {
		status += ", read-only"
	}
	if m.DrainingMillis != 0 {
		status += ", draining"
	}
	if m.RepairPausedMillis != 0 {
		status += ", repair paused"
	}
	if m.HintsHeldMillis != 0 {
		status += ", hints held"
	}
	return status
}

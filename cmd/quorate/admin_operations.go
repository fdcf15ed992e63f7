package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/quorate/quorate/admin/api"
)

type adminOperations struct{}

// Run implements the command.
func (adminOperations) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[api.Operations]{ask: get[api.Operations]("/api/operations"), print: printOperations})
}

// printOperations prints a line for each operation, and one for each thing that delays
// a node's background work.
func printOperations(out io.Writer, all api.Operations, now time.Time) error {
	if len(all.Operations) == 0 {
		fmt.Fprintln(out, "no operations")
	} else {
		t := newTable("ID", "KIND", "SUBJECT", "STATE", "DONE", "PARTITIONS", "KEYS", "BYTES", "RATE", "STARTED", "LEFT")
		for _, o := range all.Operations {
			started := now.Sub(time.UnixMilli(o.StartedMillis)).Round(time.Second)
			t.add(o.ID, o.Kind, o.Subject, o.State, doneText(o), amount(o.Partitions), amount(o.Keys), sizeAmount(o.Bytes),
				size(int64(o.BytesPerSecond))+"/s", fmt.Sprintf("%v ago", started), leftText(o))
		}
		if err := t.print(out); err != nil {
			return err
		}
	}
	for _, o := range all.Operations {
		if o.Error != "" {
			fmt.Fprintf(out, "%s: %s\n", o.ID, o.Error)
		}
	}
	for _, n := range all.Nodes {
		for _, delay := range delays(n, now) {
			fmt.Fprintf(out, "%s: %s\n", n.Node, delay)
		}
	}
	printMissing(out, all.Missing)
	return nil
}

// doneText draws how much of an operation is done, while it runs; empty: that is not known.
func doneText(o api.Operation) string {
	const width = 20
	if o.State != operationRunning || o.Partitions.Total == 0 && o.Keys.Total == 0 {
		return ""
	}
	share := shareOf(o.Partitions, o.Keys)
	return fmt.Sprintf("%s %d %%", progressBar(share, width), int(100*share))
}

// leftText says how long an operation will go on, about; empty: that is not known.
func leftText(o api.Operation) string {
	if o.LeftMillis == 0 {
		return ""
	}
	return fmt.Sprintf("about %v", max(time.Second, (time.Duration(o.LeftMillis)*time.Millisecond).Round(time.Second)))
}

// delays says what delays the background work of a node.
func delays(n api.Repair, now time.Time) (lines []string) {
	if e := n.Transfers.Error; e != "" {
		lines = append(lines, fmt.Sprintf("transfer of %d partitions: %s", n.Transfers.Gaining-n.Transfers.Copied, e))
	}
	lines = append(lines, reapingDelays([]api.Repair{n}, now)...)
	for _, p := range n.Pairs.Failures {
		lines = append(lines, fmt.Sprintf("comparison of partition %d with %s: %s", p.Partition, p.Peer, p.Error))
	}
	return lines
}

// amount formats how much is done, of how much where that is known.
func amount(a api.Amount) string {
	if a.Total == 0 {
		return fmt.Sprint(a.Done)
	}
	return fmt.Sprintf("%d of %d", a.Done, a.Total)
}

// sizeAmount formats how many bytes are done, of how many where that is known.
func sizeAmount(a api.Amount) string {
	if a.Total == 0 {
		return size(a.Done)
	}
	return fmt.Sprintf("%s of %s", size(a.Done), size(a.Total))
}

type adminCancel struct {
	Operation string `arg:"" help:"Id of the operation, as 'quorate admin operations' shows it."`
}

// Run implements the command.
func (c adminCancel) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	done := stateOf(ctx, port, c.Operation)
	o, err := port.CancelOperation(ctx, c.Operation)
	if err != nil {
		return err
	}
	if done != "" && done != operationRunning {
		return cli.Admin.tell(con.out, o, fmt.Sprintf("%s had ended already: it is %s\n", o.ID, o.State))
	}
	return cli.Admin.tell(con.out, o, fmt.Sprintf("%s is %s\n", o.ID, o.State))
}

// operationRunning is the state of an operation that has not ended.
const operationRunning = "running"

// stateOf returns the state of an operation before it is cancelled; empty: not known.
func stateOf(ctx context.Context, port *api.Client, id string) string {
	all, err := port.Operations(ctx)
	if err != nil {
		return ""
	}
	for _, o := range all.Operations {
		if o.ID == id {
			return o.State
		}
	}
	return ""
}

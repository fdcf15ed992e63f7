package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
)

type adminHints struct{}

// Run implements the command.
func (adminHints) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[api.Operations]{ask: get[api.Operations]("/api/operations"), print: printHints})
}

// printHints prints who keeps hints for whom.
func printHints(out io.Writer, v api.Operations, now time.Time) error {
	t := newTable("ON", "FOR", "HINTS", "BYTES", "OLDEST")
	for _, n := range v.Nodes {
		for _, h := range n.Hints.Targets {
			t.add(n.Node, h.Node, h.Count, size(h.Bytes), now.Sub(time.UnixMilli(h.OldestMillis)).Round(time.Second))
		}
	}
	if len(t.rows) == 0 {
		fmt.Fprintln(out, "no hints")
	} else if err := t.print(out); err != nil {
		return err
	}
	printMissing(out, v.Missing)
	return nil
}

// adminRepair is `quorate admin repair`.
type adminRepair struct {
	Run      repairRun      `cmd:"" help:"Make all replicas equal now, and wait for it."`
	Pause    repairPause    `cmd:"" help:"Pause anti-entropy on all nodes, until they are resumed or restarted."`
	Resume   repairResume   `cmd:"" help:"Resume anti-entropy on all nodes: they compare all copies now."`
	Progress repairProgress `cmd:"" default:"1" help:"Show how many copies are equal (default)."`
}

// repairScope says on which nodes anti-entropy is paused or resumed.
type repairScope struct {
	Local bool `help:"Only on the node whose admin port is asked."`
}

type repairPause struct{ repairScope }

// Run implements the command.
func (c repairPause) Run(ctx context.Context, con console, cli *commands) error {
	return c.change(ctx, con, cli, "/api/repair/pause")
}

type repairResume struct{ repairScope }

// Run implements the command.
func (c repairResume) Run(ctx context.Context, con console, cli *commands) error {
	return c.change(ctx, con, cli, "/api/repair/resume")
}

// change pauses or resumes, and tells the state of the nodes. A node that did not answer is an
// error: it goes on as it was.
func (c repairScope) change(ctx context.Context, con console, cli *commands, path string) error {
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	if c.Local {
		path += "?local=1"
	}
	var answer api.RepairPause
	if err := port.Call(ctx, "POST", path, struct{}{}, &answer); err != nil {
		return err
	}
	if err := cli.Admin.tell(con.out, answer, pauseText(answer)); err != nil {
		return err
	}
	if len(answer.Missing) > 0 {
		return fmt.Errorf("no answer from %s: nothing has changed there", strings.Join(answer.Missing, ", "))
	}
	return nil
}

// pauseText says on which nodes anti-entropy is paused.
func pauseText(v api.RepairPause) string {
	var text strings.Builder
	for _, n := range v.Nodes {
		state := "runs"
		if n.PausedMillis != 0 {
			state = "is paused"
		}
		fmt.Fprintf(&text, "anti-entropy %s on %s\n", state, n.Node)
	}
	return text.String()
}

type repairRun struct{}

// Run implements the command. It takes as long as the port allows.
func (repairRun) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.patientClient(repairTimeout)
	if err != nil {
		return err
	}
	defer port.Close()
	told := &progress{out: con.out, kinds: []string{"sync"}}
	if cli.Admin.JSON {
		told.out = io.Discard
	}
	var answer api.SyncAnswer
	if err := told.during(ctx, port, func() (string, error) {
		return "", port.Call(ctx, "POST", "/api/merkle/sync", struct{}{}, &answer)
	}); err != nil {
		return err
	}
	if cli.Admin.JSON {
		err = printJSON(con.out, answer)
	} else {
		t := newTable("NODE", "KEYS EXCHANGED", "FAULT")
		for _, n := range answer.Nodes {
			t.add(n.Node, n.KeysExchanged, n.Error)
		}
		err = t.print(con.out)
	}
	for _, n := range answer.Nodes {
		if err == nil && n.Error != "" {
			err = fmt.Errorf("%s could not compare all of its copies: %s", n.Node, n.Error)
		}
	}
	return err
}

// repairTimeout is longer than the admin port takes at most.
const repairTimeout = 2 * time.Minute

type repairProgress struct{}

// Run implements the command.
func (repairProgress) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[api.Operations]{ask: get[api.Operations]("/api/operations"), print: printPairs})
}

// printPairs prints how many copies of partitions each node has compared with others'.
func printPairs(out io.Writer, v api.Operations, now time.Time) error {
	t := newTable("NODE", "PAIRS", "EQUAL", "FAILING", "KEYS REPAIRED", "ALL COMPARED")
	for _, n := range v.Nodes {
		p, compared := n.Pairs, "not yet"
		if p.OldestMillis != 0 {
			compared = fmt.Sprintf("in the last %v", now.Sub(time.UnixMilli(p.OldestMillis)).Round(time.Second))
		}
		t.add(n.Node, p.Pairs, p.Equal, p.Failing, p.KeysExchanged, compared)
	}
	if err := t.print(out); err != nil {
		return err
	}
	for _, n := range v.Nodes {
		if n.Pairs.PausedMillis != 0 {
			fmt.Fprintf(out, "%s: paused%s; 'quorate admin repair resume' ends it\n", n.Node, lasting(n.Pairs.PausedMillis, now))
		}
		for _, f := range n.Pairs.Failures {
			fmt.Fprintln(out, wrapped(fmt.Sprintf("%s: comparison of partition %d with %s: %s", n.Node, f.Partition, f.Peer, f.Error), ""))
		}
	}
	printMissing(out, v.Missing)
	return nil
}

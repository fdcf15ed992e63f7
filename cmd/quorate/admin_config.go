package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/settings"
)

type adminConfig struct {
	Settings []string `arg:"" optional:"" help:"Any of n=3 r=2 w=2 conflict-resolution=lww|merge|error; without one, all are shown."`
}

// Run implements the command.
func (c adminConfig) Run(ctx context.Context, con console, cli *commands) error {
	quorums, policy, err := c.parse()
	if err != nil {
		return err
	}
	if len(c.Settings) == 0 {
		return show(ctx, con, cli, question[configView]{ask: askConfig, print: printConfig})
	}
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	if cli.Admin.JSON {
		if err := changeConfig(ctx, io.Discard, port, configChange{quorums, policy}); err != nil {
			return err
		}
		now, err := askConfig(ctx, port)
		return errors.Join(err, printJSON(con.out, now))
	}
	return changeConfig(ctx, con.out, port, configChange{quorums, policy})
}

// configChange is what a command line changes. An empty policy stays as it is.
type configChange struct {
	quorums api.QuorumChange
	policy  string
}

// changeConfig changes settings of the cluster and tells what holds then.
func changeConfig(ctx context.Context, out io.Writer, port *api.Client, change configChange) error {
	quorums, policy := change.quorums, change.policy
	if quorums != (api.QuorumChange{}) {
		before, err := port.Cluster(ctx)
		if err != nil {
			return err
		}
		now, err := port.SetQuorums(ctx, quorums)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "n=%d r=%d w=%d\n", now.N, now.R, now.W)
		cluster, err := port.Cluster(ctx)
		if err != nil {
			return err
		}
		printAhead(out, now, cluster.Nodes)
		printOlderWrites(out, before.Effective, cluster.Effective)
	}
	if policy != "" {
		now, err := port.SetSetting(ctx, settings.ConflictResolution, policy)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s=%s\n", now.Name, now.Value)
	}
	return nil
}

// parse reads the settings. policy is empty if the conflict policy is not among them.
func (c adminConfig) parse() (quorums api.QuorumChange, policy string, err error) {
	for _, setting := range c.Settings {
		name, text, _ := strings.Cut(strings.ToLower(setting), "=")
		if name == settings.ConflictResolution && text != "" {
			policy = text
			continue
		}
		number, err := strconv.Atoi(text)
		field := map[string]**int{"n": &quorums.N, "r": &quorums.R, "w": &quorums.W}[name]
		if err != nil || field == nil {
			return quorums, "", fmt.Errorf("%w: %q: write n=3, r=2, w=2 or %s=merge", errUsage, setting, settings.ConflictResolution)
		}
		*field = &number
	}
	return quorums, policy, nil
}

// printCapped says so if the ring has fewer members than N.
func printCapped(out io.Writer, v api.Cluster) {
	if now := v.Effective; v.N > now.N {
		fmt.Fprintf(out, "in force until there are %d nodes: n=%d r=%d w=%d\n", v.N, now.N, now.R, now.W)
	}
}

// printAhead says what will be in force when the change has spread, if the members are
// fewer than N, and what a W of all of them costs.
func printAhead(out io.Writer, q api.Quorums, members []api.Member) {
	seated := staying(members)
	ahead := quorum.NRW{N: q.N, R: q.R, W: q.W}.Capped(seated)
	if q.N > ahead.N {
		fmt.Fprintf(out, "will be in force until there are %d nodes: n=%d r=%d w=%d\n", q.N, ahead.N, ahead.R, ahead.W)
	}
	if seated > 1 && ahead.W == seated {
		fmt.Fprintf(out, "a write then needs all %d nodes: it fails while one of them is down\n", seated)
	}
}

// printOlderWrites says so if reads meet every later write and may miss an earlier one,
// which was acknowledged by as many replicas as W was before.
func printOlderWrites(out io.Writer, before, now api.Quorums) {
	if now.R+now.W > now.N && now.R+before.W <= now.N {
		fmt.Fprintf(out, "a read (r=%d) may miss what was written before (w=%d) until all replicas are equal: POST /api/merkle/sync makes them so now\n", now.R, before.W)
	}
}

// staying counts the members that are not on their way out.
func staying(members []api.Member) (n int) {
	for _, m := range members {
		if m.Status != "leaving" && m.Status != "removing" {
			n++
		}
	}
	return n
}

// configView is what `quorate admin config` shows.
type configView struct {
	Configured api.Quorums  `json:"configured"`
	Effective  api.Quorums  `json:"effective"` // a ring of fewer members than n caps them
	Settings   api.Settings `json:"settings"`
}

func askConfig(ctx context.Context, port *api.Client) (v configView, err error) {
	cluster, err := port.Cluster(ctx)
	if err != nil {
		return v, err
	}
	v.Configured, v.Effective = api.Quorums{N: cluster.N, R: cluster.R, W: cluster.W}, cluster.Effective
	v.Settings, err = port.Settings(ctx)
	return v, err
}

// printConfig prints what holds for the whole cluster.
func printConfig(out io.Writer, v configView, _ time.Time) error {
	fmt.Fprintf(out, "n=%d r=%d w=%d\n", v.Configured.N, v.Configured.R, v.Configured.W)
	printCapped(out, api.Cluster{N: v.Configured.N, Effective: v.Effective})
	for _, s := range v.Settings.Settings {
		by := "from the flags of a founder"
		if s.Writer != "" {
			by = "changed through " + s.Writer
		}
		if _, err := fmt.Fprintf(out, "%s=%s (%s)\n", s.Name, s.Value, by); err != nil {
			return err
		}
	}
	return nil
}

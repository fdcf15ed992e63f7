package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/quorate/quorate/admin/api"
)

type adminReplace struct {
	Node string `arg:"" help:"Name of the dead node."`
	Wait bool   `help:"Wait until the fresh node is there and the others have filled it."`
}

// Run implements the command.
func (c adminReplace) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	change, err := port.ReplaceNode(ctx, c.Node)
	if err != nil {
		return err
	}
	view, err := port.Cluster(ctx)
	if err != nil {
		return err
	}
	out := con.out
	if cli.Admin.JSON {
		out = io.Discard
	}
	fmt.Fprintf(out, "the place of %s is vacant: %s\n", change.Name, freshNode(view, change.Name))
	if c.Wait {
		if err := awaitReplaced(ctx, &progress{out: out, kinds: movingKinds}, port, change.Name); err != nil {
			return err
		}
		change.Status = "up"
	}
	return cli.Admin.tell(con.out, change, "")
}

// freshNode tells how a node takes a vacant place.
func freshNode(v api.Cluster, name string) string {
	var through []string
	for _, m := range v.Nodes {
		if m.Alive {
			through = append(through, m.PeerAddr)
		}
	}
	return fmt.Sprintf("start a node with --name %s, an empty data directory and --join %s", name, strings.Join(through, ","))
}

// awaitReplaced waits until a fresh node has the vacant place, and then until the others
// have filled it. The end of ctx ends the wait, and nothing else.
func awaitReplaced(ctx context.Context, told *progress, cluster watched, name string) error {
	return told.during(ctx, cluster, func() (string, error) {
		taken := false
		for {
			view, err := cluster.Cluster(ctx)
			at := slices.IndexFunc(view.Nodes, func(m api.Member) bool { return m.Name == name })
			switch {
			case err != nil: // the port's own node may be starting
			case at < 0:
				return "", fmt.Errorf("%s was removed meanwhile", name)
			case view.Nodes[at].Vacant || view.Nodes[at].UptimeS == nil: // nobody is there yet
			case view.Nodes[at].Refilling == "":
				return fmt.Sprintf("%s has everything that it is to hold\n", name), nil
			case !taken:
				taken = true
				told.say(fmt.Sprintf("%s has taken its place; the others fill it now\n", name))
			}
			if !sleepUntil(ctx, progressTick) {
				return "", ctx.Err()
			}
		}
	})
}

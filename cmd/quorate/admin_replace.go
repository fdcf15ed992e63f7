package main

import (
	"context"
	"fmt"
	"io"
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
		if err := awaitFilled(ctx, &progress{out: out, kinds: movingKinds}, port, arrival{name: change.Name, replaces: true}); err != nil {
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

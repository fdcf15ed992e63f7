package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/quorate/quorate/admin/api"
)

type adminJoin struct {
	Addr string `arg:"" help:"Admin port of a node that was started with --standby, HOST:PORT."`
	Wait bool   `help:"Wait until the node has its share of the data, and show how far it is."`
}

// Run implements the command.
func (c adminJoin) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	var change api.MemberChange
	if err := port.Call(ctx, "POST", "/api/nodes", api.AddNodeRequest{AdminAddr: c.Addr}, &change); err != nil {
		return err
	}
	if !c.Wait {
		return cli.Admin.tell(con.out, change, fmt.Sprintf("%s joins; 'quorate admin operations' shows how far it is\n", change.Name))
	}
	told := &progress{out: con.out, kinds: movingKinds}
	if cli.Admin.JSON {
		told.out = io.Discard
	}
	if err := awaitJoined(ctx, told, port, change.Name); err != nil {
		return err
	}
	change.Status = "up"
	return cli.Admin.tell(con.out, change, "")
}

// watched is a cluster whose change is waited for.
type watched interface {
	Cluster(context.Context) (api.Cluster, error)
	Operations(context.Context) (api.Operations, error)
}

// joinPatience is how long a node that was told to join may take until it is a member.
const joinPatience = time.Minute

// awaitJoined waits until a node is a member and has its share of the data. The end of ctx ends
// the wait, and nothing else.
func awaitJoined(ctx context.Context, told *progress, cluster watched, name string) error {
	told.say(fmt.Sprintf("%s joins; its share of the data moves now (Ctrl-C ends the wait, not the move)\n", name))
	return told.during(ctx, cluster, func() (string, error) {
		member, asked := false, time.Now()
		for {
			view, err := cluster.Cluster(ctx)
			at := slices.IndexFunc(view.Nodes, func(m api.Member) bool { return m.Name == name })
			switch {
			case err != nil: // the port's own node may be starting
			case at >= 0 && view.Nodes[at].Status == "up" && !slices.Contains(view.Pending, name):
				return fmt.Sprintf("%s has its share of the data\n", name), nil
			case at >= 0:
				member = true
			case member:
				return "", fmt.Errorf("%s was a member, and is none any more", name)
			case time.Since(asked) > joinPatience:
				return "", fmt.Errorf("%s is no member after %v: its log says why", name, joinPatience)
			}
			if !sleepUntil(ctx, progressTick) {
				return "", ctx.Err()
			}
		}
	})
}

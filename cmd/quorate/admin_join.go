package main

import (
	"context"
	"fmt"
	"io"

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
	if err := awaitFilled(ctx, told, port, arrival{name: change.Name}); err != nil {
		return err
	}
	change.Status = "up"
	return cli.Admin.tell(con.out, change, "")
}

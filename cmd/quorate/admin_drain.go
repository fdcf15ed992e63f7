package main

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// adminDrain is `quorate admin drain`.
type adminDrain struct {
	Undo    bool          `help:"Take clients again, if the node is not stopped after all."`
	Timeout time.Duration `placeholder:"DURATION" help:"Give up waiting after this time; default: never. The node goes on refusing clients."`
}

// Run implements the command. The end of ctx ends the wait, and nothing else.
func (c adminDrain) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	var state api.Drain
	if c.Undo {
		if err := port.Call(ctx, "DELETE", "/api/node/drain", nil, &state); err != nil {
			return err
		}
		return cli.Admin.tell(con.out, state, fmt.Sprintf("%s takes clients again\n", state.Node))
	}
	if err := port.Call(ctx, "POST", "/api/node/drain", struct{}{}, &state); err != nil {
		return err
	}
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	if !cli.Admin.JSON {
		fmt.Fprintf(con.out, "%s refuses new clients; waiting until it is safe to stop\n", state.Node)
	}
	return cli.Admin.awaitSafe(ctx, con.out, &portView{port: port, drains: state.Node}, true)
}

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// adminEvents is `quorate admin events`.
type adminEvents struct {
	Limit int    `default:"20" help:"The largest number of lines."`
	Node  string `placeholder:"NAME" help:"Only of this node."`
	Level string `enum:"info,warn,error,any" default:"any" help:"Only of this level: info, warn or error."`
}

// Run implements the command.
func (c adminEvents) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[api.Events]{ask: get[api.Events](c.path()), print: printEvents})
}

func (c adminEvents) path() string {
	query := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	if c.Node != "" {
		query.Set("node", c.Node)
	}
	if c.Level != "any" {
		query.Set("level", c.Level)
	}
	return "/api/events?" + query.Encode()
}

// printEvents prints lines of the logs, the newest last.
func printEvents(out io.Writer, v api.Events, _ time.Time) error {
	for _, e := range v.Events {
		text := fmt.Sprintf("%s %s %s %s", time.UnixMilli(e.TimeMillis).Format(time.TimeOnly), e.Node, e.Level, e.Text)
		for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
			text += fmt.Sprintf(" %s=%s", name, e.Fields[name])
		}
		if _, err := fmt.Fprintln(out, hanging(text)); err != nil {
			return err
		}
	}
	printMissing(out, v.Missing)
	return nil
}

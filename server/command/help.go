package command

import (
	"context"
	"strings"
)

// RunHelp serves the HELP of every container, from the table.
func RunHelp(_ context.Context, c *Call) {
	name, _, _ := strings.Cut(c.Row.full, "|")
	container := c.Node.Table.byName[name]
	lines := []string{strings.ToUpper(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"}
	for i := range container.Subcommands {
		sub := &container.Subcommands[i]
		lines = append(lines, strings.ToUpper(sub.Name), "    "+sub.Summary+".")
	}
	c.Out.Lines(lines)
}

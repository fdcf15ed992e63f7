package server

import (
	"fmt"
	"strings"
)

// CommandTable renders the commands as a Markdown table for the README: name,
// what it does, and since which version of Redis it does so.
func CommandTable() string {
	var text strings.Builder
	text.WriteString("| command | what it does | since Redis |\n|---|---|---|\n")
	row := func(c *command) {
		name := strings.ToUpper(strings.ReplaceAll(c.full, "|", " "))
		fmt.Fprintf(&text, "| `%s` | %s | %s |\n", name, c.summary, c.since)
	}
	for _, c := range newTable().list {
		if len(c.subcommands) == 0 || c.run != nil {
			row(c)
		}
		for i := range c.subcommands {
			if c.subcommands[i].name != "help" {
				row(&c.subcommands[i])
			}
		}
	}
	return text.String()
}

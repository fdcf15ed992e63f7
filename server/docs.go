package server

import (
	"fmt"
	"maps"
	"slices"
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

// RefusedTable renders, likewise, what Redis knows and quorate refuses, and what
// to use instead.
func RefusedTable() string {
	names := make(map[string][]string)
	for name, advice := range unsupported {
		names[advice] = append(names[advice], "`"+strings.ToUpper(strings.ReplaceAll(name, "|", " "))+"`")
	}
	rows := make([]string, 0, len(names))
	for _, advice := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[advice])
		rows = append(rows, fmt.Sprintf("| %s | %s |\n", strings.Join(names[advice], " "), advice))
	}
	slices.Sort(rows)
	return "| refused | because, or what to use instead |\n|---|---|\n" + strings.Join(rows, "")
}

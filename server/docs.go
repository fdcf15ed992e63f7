package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/server/command"
)

// CommandTable renders the commands as a Markdown table, for COMMANDS.md: name,
// what it does, and since which version of Redis it does so.
func CommandTable() string {
	var text strings.Builder
	text.WriteString("| command | what it does | since Redis |\n|---|---|---|\n")
	row := func(r *command.Row) {
		name := strings.ToUpper(strings.ReplaceAll(r.Full(), "|", " "))
		fmt.Fprintf(&text, "| `%s` | %s | %s |\n", name, r.Summary, r.Since)
	}
	for _, r := range documentedTable().Top() {
		if len(r.Subcommands) == 0 || r.Run != nil {
			row(r)
		}
		for i := range r.Subcommands {
			if r.Subcommands[i].Name != "help" {
				row(&r.Subcommands[i])
			}
		}
	}
	return text.String()
}

// RefusedTable renders a Markdown table of the commands of Redis that quorate refuses, and
// what to use instead.
func RefusedTable() string {
	names := make(map[string][]string)
	for name, advice := range refusedCommands() {
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

// CommandsPage renders COMMANDS.md.
func CommandsPage() string {
	return `# Commands

This page is generated from the table of commands; ` + "`go test ./server -run Page -update`" + ` writes it.

Replies and error texts are those of Redis ` + RedisVersion + `, unless the table says otherwise. Arguments of GET, SET and DEL that
Redis does not have:

* ` + "`GET key [CONTEXT] [R n]`" + `: with CONTEXT, the causal context and all values of the key; R replicas must answer.
* ` + "`SET key value … [CONTEXT ctx] [W n]`" + `: with CONTEXT, replaces the values that were read with that context, and answers with
  the next context; W replicas must acknowledge.
* ` + "`DEL key CONTEXT ctx [W n]`" + `: deletes only the values that were read with that context, and
  answers 1 if there was one. The word CONTEXT behind the first key of a DEL is never a key; UNLINK takes keys of any name.

A key may have several values, written by clients that did not know of one another. Without CONTEXT a command sees the one that the
conflict policy chooses; if the newest is a deletion or has expired, the key does not exist (under the policy ` + "`error`" + ` it has a
conflict). SET and DEL replace all values. EXPIRE, PERSIST and GETEX change the expiry of each. APPEND, SETRANGE and their like
replace the value that they see. INCR and its like count for each value: increments that several nodes take at once are added up. RENAME
and COPY carry all values over.

Items that clients push to a list at the same time all stay, on both sides of a broken network too, in the same order on every node. LMOVE
and RPOPLPUSH are one update within one list. Between two lists they put the item into the destination and then remove it from the source:
a failure in between leaves it in both, and others may see it in both meanwhile. LMPOP asks one list after the other.

SORT compares texts byte by byte, whatever the locale. It reads its key, then the keys of BY and then those of GET, wherever they are in the
cluster, and no more than one client's replies may have.

A command has at most 1,048,576 arguments, its name included, and LCS compares two values of up to proto-max-bulk-len / 4 pairs of
bytes, as Redis does. What is larger is refused. HRANDFIELD, SRANDMEMBER and ZRANDMEMBER draw at most 1,048,576 elements with
repetitions.

Scores have 17 digits, as in Redis 7.0: 3.1 is written as 3.1000000000000001, where Redis 7.2 writes 3.1. The score -0 is 0. GEOSEARCH and
its like list places in the order of their hashes unless they sort them by distance, and find those on the other side of the 180th
meridian. COMMAND GETKEYS does not find the key behind STORE in a GEORADIUS.

` + CommandTable() + `
## Refused

Other commands of Redis are refused with one line that says so; ` + "`SELECT`" + ` of another database than 0 is, too.

` + RefusedTable()
}

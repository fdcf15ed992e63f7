package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// manualCmd is `quorate manual`.
type manualCmd struct{}

// Run implements the command.
func (manualCmd) Run(con console, app *kong.Kong) error {
	_, err := io.WriteString(con.out, manual(app.Model))
	return err
}

// manual writes the manual page of a program, in the language of man(7): a section for the
// commands, each with its flags, and one for what they have in common.
func manual(app *kong.Application) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line(`.TH %s 1 "" "%s" "User Commands"`, strings.ToUpper(app.Name), roff(app.Name+" "+release))
	line(".SH NAME\n%s \\- %s", app.Name, roff(strings.TrimSuffix(app.Help, ".")))
	line(".SH SYNOPSIS\n.B %s\n.I command\n[flags]", app.Name)
	line(".SH COMMANDS")
	for _, command := range app.Leaves(true) {
		line(".SS %s", roff(strings.TrimSpace(command.Summary())))
		line("%s", roff(command.Help))
		for _, arg := range command.Positional {
			line(".TP\n.I %s\n%s", roff(arg.Summary()), roff(arg.Help))
		}
		manualFlags(&b, command.Flags)
	}
	line(".SH FLAGS OF GROUPS OF COMMANDS")
	for _, node := range slices.Concat(app.Children, []*kong.Node{app.Node}) {
		if node.Type == kong.CommandNode && node.Leaf() || len(node.Flags) == 0 {
			continue
		}
		line(".SS %s", roff(strings.TrimSpace(app.Name+" "+strings.TrimPrefix(node.Path(), app.Name))))
		manualFlags(&b, node.Flags)
	}
	line(".SH EXIT STATUS\n0: success. %d: the command failed, or something is wrong in the cluster. %d: the command line or a setting is wrong.", exitFault, exitUsage)
	line(".SH ENVIRONMENT\nEach flag can be given by the variable that is named with it. A flag wins over its variable.")
	return b.String()
}

// manualFlags writes the flags of one command or group.
func manualFlags(b *strings.Builder, flags []*kong.Flag) {
	for _, flag := range flags {
		if flag.Hidden {
			continue
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(flag.String()), roff(flagHelp(flag)))
	}
}

// flagHelp is the help of a flag with the variable that sets it.
func flagHelp(flag *kong.Flag) string {
	if len(flag.Envs) == 0 {
		return flag.Help
	}
	return flag.Help + " ($" + strings.Join(flag.Envs, ", $") + ")"
}

// roff escapes a text: what man(7) would take for an instruction, or change.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

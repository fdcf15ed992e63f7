package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"
	"github.com/willabides/kongplete" // completes what kong's model has, for three shells
)

// helpCmd is `quorate help`. run puts the --help of a command in its place.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

// completionCmd is `quorate completion`.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish. Put the output into ~/.bashrc, ~/.zshrc or ~/.config/fish/completions/quorate.fish."`
}

// scripts make a shell ask the program %[1]s, which finds the line in the variable COMP_LINE.
var scripts = map[string]string{
	"bash": "complete -C '%[1]s' quorate\n",
	"zsh":  "autoload -U +X bashcompinit && bashcompinit\ncomplete -C '%[1]s' quorate\n",
	"fish": `complete -c quorate -f -a '(env COMP_LINE=(string join " " -- (commandline -opc) (commandline -ct)) "%[1]s")'` + "\n",
}

// Run implements the command.
func (c completionCmd) Run(con console) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the path of this program: %w", err)
	}
	_, err = fmt.Fprintf(con.out, scripts[c.Shell], program)
	return err
}

// complete answers a shell that asks how its line may go on, and reports whether one does.
func complete(parser *kong.Kong) (asked bool) {
	kongplete.Complete(parser, kongplete.WithExitFunc(func(int) { asked = true }))
	return asked
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Server  serverCmd  `cmd:"" help:"Run a node."`
	Demo    demoCmd    `cmd:"" help:"Run a cluster of five nodes in this process, to try and to break."`
	Admin   adminCmd   `cmd:"" help:"Ask or change a running cluster through a node's admin port."`
	Health  healthCmd  `cmd:"" help:"Exit with 0 if the node behind an admin port is ready to serve."`
	Version versionCmd `cmd:"" help:"Print the version."`
	Help    helpCmd    `cmd:"" help:"Explain a command: like its --help."`

	Completion completionCmd `cmd:"" help:"Print what makes a shell complete the commands and flags of quorate."`

	Manual manualCmd `cmd:"" help:"Print the manual page: quorate manual | man -l -"`

	ShowVersion kong.VersionFlag `name:"version" env:"-" help:"Print the version."`
}

// Exit codes.
const (
	exitFault = 1 // the command failed
	exitUsage = 2 // the command line or a setting is wrong
)

// secondSignal is the time after which another signal is a second one, and not
// part of the first.
const secondSignal = time.Second

// errUsage marks errors that the caller can correct on the command line.
var errUsage = errors.New("bad settings")

// console holds the output streams of a command.
type console struct {
	out, err io.Writer
}

// reportDrops logs that lines of the log were dropped, until ctx ends.
func (c console) reportDrops(ctx context.Context, log *slog.Logger) error {
	if w, ok := c.err.(*logWriter); ok {
		return w.report(ctx, log)
	}
	return nil
}

func main() {
	// SIGTERM and Ctrl-C end a command in good order. After secondSignal they have
	// their usual effect again, so that a second Ctrl-C ends it at once. They do not
	// sooner, because some tools signal a process and then its group.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(secondSignal, stop) })
	log := newLogWriter(os.Stderr)
	code := run(ctx, os.Args[1:], console{out: standardOutput(), err: log})
	stop()
	log.Close()
	os.Exit(code)
}

// run parses args, runs the command that they name, and returns the exit code.
func run(ctx context.Context, args []string, con console) int {
	var cli commands
	exited := false
	parser, err := newParser(&cli, con, func(int) { exited = true }, kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		panic(fmt.Sprintf("the table of commands: %v", err))
	}
	if completed := complete(parser); completed {
		return 0
	}
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	command, err := parser.Parse(args)
	if exited { // --help or --version was answered
		return 0
	}
	if err != nil {
		if len(args) == 0 {
			parser.Stdout = con.err
			_, _ = parser.Parse([]string{"--help"}) // prints the usage
			return exitUsage
		}
		fmt.Fprintf(con.err, "quorate: %v\nTry: %s --help\n", err, commandOf(err))
		return exitUsage
	}
	switch err := command.Run(); {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(con.err, "quorate: %v\n", err)
		return exitUsage
	default:
		fmt.Fprintf(con.err, "quorate: %v\n", err)
		return exitFault
	}
}

// commandOf returns the command that a faulty command line names, as far as it was
// understood.
func commandOf(err error) string {
	command := "quorate"
	var fault *kong.ParseError
	if errors.As(err, &fault) && fault.Context != nil {
		for _, step := range fault.Context.Path {
			if step.Command != nil {
				command += " " + step.Command.Name
			}
		}
	}
	return command
}

func newParser(cli *commands, con console, exit func(int), more ...kong.Option) (*kong.Kong, error) {
	return kong.New(cli, append(more,
		kong.Name("quorate"),
		kong.Description("A leaderless, replicated key-value store that speaks Redis's protocol."),
		kong.PostBuild(cli.bindSettings), // before the flags get their variables
		kong.DefaultEnvars("QUORATE"),
		kong.Writers(con.out, con.err),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Bind(con, cli),
		kong.Vars{"version": "quorate " + version(), "admin_addr": loopback(defaultAdminPort)},
	)...)
}

// usageError joins the faults of the settings under one heading.
func usageError(faults error) error {
	if faults == nil {
		return nil
	}
	return fmt.Errorf("%w:\n  %s", errUsage, strings.ReplaceAll(faults.Error(), "\n", "\n  "))
}

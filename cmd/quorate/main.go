package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	//lint:ignore SA5008 kong takes one set for each variable
	Server serverCmd `cmd:"" help:"Run a node." set:"cache_size=256mb" set:"object_cache_size=128mb" set:"memtable_size=16mb" set:"gossip_profile=lan" set:"log_level=info"`
	//lint:ignore SA5008 kong takes one set for each variable
	Demo    demoCmd    `cmd:"" help:"Run a cluster of five nodes in this process, to try and to break." set:"cache_size=32mb" set:"object_cache_size=16mb" set:"memtable_size=8mb" set:"gossip_profile=local" set:"log_level=warn"`
	Admin   adminCmd   `cmd:"" help:"Ask or change a running cluster through a node's admin port."`
	Health  healthCmd  `cmd:"" help:"Exit with 0 if the node behind an admin port is ready to serve."`
	Version versionCmd `cmd:"" help:"Print the version."`

	ShowVersion kong.VersionFlag `name:"version" env:"-" help:"Print the version."`
}

// Exit codes.
const (
	exitFault = 1 // it was tried, and went wrong
	exitUsage = 2 // it was asked for in the wrong way
)

// impatience is after how long a second signal is meant as one.
const impatience = time.Second

// errUsage marks what the person at the command line can put right there.
var errUsage = errors.New("bad settings")

// console is where a command speaks to the person who called it.
type console struct {
	out, err io.Writer
}

func main() {
	// SIGTERM and Ctrl-C end a command in good order. A while later they have
	// their usual effect again, so that a second Ctrl-C ends it at once; not
	// sooner, for some who end a process signal it and its group.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(impatience, stop) })
	code := run(ctx, os.Args[1:], console{out: os.Stdout, err: os.Stderr})
	stop()
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
	command, err := parser.Parse(args)
	if exited { // --help was answered
		return 0
	}
	if err != nil {
		fmt.Fprintf(con.err, "quorate: %v\n", err)
		fmt.Fprintln(con.err, "Try: quorate --help, quorate server --help")
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

func newParser(cli *commands, con console, exit func(int), more ...kong.Option) (*kong.Kong, error) {
	return kong.New(cli, append(more,
		kong.Name("quorate"),
		kong.Description("A leaderless, replicated key-value store that speaks Redis's protocol."),
		kong.DefaultEnvars("QUORATE"),
		kong.Writers(con.out, con.err),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Bind(con, cli),
		kong.Vars{"version": "quorate " + version()},
	)...)
}

// usageError puts the faults of the settings under one heading.
func usageError(faults error) error {
	if faults == nil {
		return nil
	}
	return fmt.Errorf("%w:\n  %s", errUsage, strings.ReplaceAll(faults.Error(), "\n", "\n  "))
}

// flagName is the name of the flag that a field of the table makes.
func flagName(field reflect.StructField) string {
	if name := field.Tag.Get("name"); name != "" {
		return name
	}
	var b strings.Builder
	for i, r := range field.Name {
		if i > 0 && 'A' <= r && r <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitFault = 1 // the benchmark failed
	exitUsage = 2 // the command line is wrong
)

// errUsage marks errors that the caller can correct on the command line.
var errUsage = errors.New("bad settings")

// console holds the output streams of the command.
type console struct {
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// run parses args, runs the benchmark, and returns the exit code.
func run(ctx context.Context, args []string, con console) int {
	var b benchmark
	exited := false
	parser, err := kong.New(&b,
		kong.Name("quorate-bench"),
		kong.Description("Starts a quorate cluster on this machine and measures it under load, beside Redis and Olric if asked."),
		kong.Writers(con.out, con.err),
		kong.Exit(func(int) { exited = true }),
	)
	if err != nil {
		panic(fmt.Sprintf("the table of flags: %v", err))
	}
	_, err = parser.Parse(args)
	if exited { // --help was printed
		return 0
	}
	if err != nil {
		fmt.Fprintf(con.err, "quorate-bench: %v\nTry: quorate-bench --help\n", err)
		return exitUsage
	}
	if err := b.Run(ctx, con); err != nil {
		fmt.Fprintf(con.err, "quorate-bench: %v\n", err)
		if errors.Is(err, errUsage) {
			return exitUsage
		}
		return exitFault
	}
	return 0
}

// words is a list separated by commas.
type words []string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *words) UnmarshalText(text []byte) error {
	*l = nil
	for word := range strings.SplitSeq(string(text), ",") {
		if word = strings.TrimSpace(word); word != "" {
			*l = append(*l, word)
		}
	}
	return nil
}

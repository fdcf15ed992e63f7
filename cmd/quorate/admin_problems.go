package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// errProblems says that something is wrong in the cluster. What it is has been printed.
var errProblems = errors.New("something is wrong in the cluster")

type adminProblems struct{}

// Run implements the command.
func (adminProblems) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[api.Problems]{
		ask:   func(ctx context.Context, port *api.Client) (api.Problems, error) { return port.Problems(ctx) },
		print: printProblems, fault: faultOf,
	})
}

// faultOf returns [errProblems] if anything is wrong.
func faultOf(found api.Problems) error {
	if n := len(found.Problems); n > 0 {
		return fmt.Errorf("%w: %s", errProblems, countOf(n, "problem"))
	}
	return nil
}

// printProblems prints each problem with what follows from it and what to do.
func printProblems(out io.Writer, found api.Problems, now time.Time) error {
	var err error
	if len(found.Problems) == 0 {
		_, err = fmt.Fprintln(out, "no problems")
	}
	for _, p := range found.Problems {
		text := indented(p.Level+" "+p.What+lasting(p.SinceMillis, now), [2]string{"", "      "})
		fmt.Fprintln(out, painted(out, colourOf(p.Level), p.Level)+strings.TrimPrefix(text, p.Level))
		for _, line := range []string{p.Means, p.Do} {
			_, err = fmt.Fprintln(out, wrapped(line, "      "))
		}
	}
	return err
}

// colourOf returns the colour of a level.
func colourOf(level string) colour {
	if level == "error" {
		return red
	}
	return yellow
}

// countOf writes a number with its noun.
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// errProblems says that something is wrong in the cluster. What it is has been printed.
var errProblems = errors.New("something is wrong in the cluster")

// showProblems prints what is wrong, and returns [errProblems] if anything is. A port of an
// older version knows no problems.
func showProblems(ctx context.Context, out io.Writer, port *api.Client) error {
	found, err := port.Problems(ctx)
	var refusal *api.StatusError
	if errors.As(err, &refusal) && refusal.Status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	printProblems(out, found, time.Now())
	if n := len(found.Problems); n > 0 {
		return fmt.Errorf("%w: %s", errProblems, countOf(n, "problem"))
	}
	return nil
}

// printProblems prints each problem with what follows from it and what to do.
func printProblems(out io.Writer, found api.Problems, now time.Time) {
	if len(found.Problems) == 0 {
		fmt.Fprintln(out, "no problems")
	}
	for _, p := range found.Problems {
		fmt.Fprintf(out, "%s %s%s\n", p.Level, p.What, lasting(p.SinceMillis, now))
		for _, line := range []string{p.Means, p.Do} {
			fmt.Fprintln(out, wrapped(line, "      "))
		}
	}
}

// countOf writes a number with its noun.
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

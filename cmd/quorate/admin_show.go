package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// watchInterval is the time between two looks with --watch.
const watchInterval = 2 * time.Second

// question is what a command asks an admin port, and how the answer is printed.
type question[T any] struct {
	ask   func(context.Context, *api.Client) (T, error)
	print func(out io.Writer, answer T, now time.Time) error
	fault func(T) error // what the command ends with after the answer; nil: no fault
}

// show asks and prints: once or, with --watch, again and again until ctx ends. With --json the
// answer is printed as it is.
func show[T any](ctx context.Context, con console, cli *commands, q question[T]) error {
	port, err := cli.Admin.watchingClient(0)
	if err != nil {
		return err
	}
	defer port.Close()
	for {
		err := showOnce(ctx, con.out, &cli.Admin, port, q)
		if !cli.Admin.Watch {
			return err
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, errProblems) {
			fmt.Fprintf(con.out, "%v\n", err)
		}
		if !sleepUntil(ctx, watchInterval) {
			return nil
		}
		fmt.Fprintln(con.out)
	}
}

func showOnce[T any](ctx context.Context, out io.Writer, how *adminCmd, port *api.Client, q question[T]) error {
	answer, err := q.ask(ctx, port)
	if err != nil {
		return err
	}
	now := time.Now()
	if how.JSON {
		err = printJSON(out, answer)
	} else {
		if how.Watch {
			fmt.Fprintln(out, now.Format(time.TimeOnly))
		}
		err = q.print(out, answer, now)
	}
	if err == nil && q.fault != nil {
		err = q.fault(answer)
	}
	return err
}

// printJSON prints an answer as indented JSON, in the form of the REST API.
func printJSON(out io.Writer, answer any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}

// tell prints the answer to a change: as JSON with --json, else as text.
func (c *adminCmd) tell(out io.Writer, answer any, text string) error {
	if c.JSON {
		return printJSON(out, answer)
	}
	_, err := io.WriteString(out, text)
	return err
}

// get returns a function that asks for a path of the API.
func get[T any](path string) func(context.Context, *api.Client) (T, error) {
	return func(ctx context.Context, port *api.Client) (answer T, err error) {
		err = port.Call(ctx, "GET", path, nil, &answer)
		return answer, err
	}
}

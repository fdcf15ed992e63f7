package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
)

type adminPreflist struct {
	Key string `arg:"" help:"The key."`
}

// Run implements the command.
func (c adminPreflist) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[api.KeyPlace]{ask: get[api.KeyPlace]("/api/ring/key/" + url.PathEscape(c.Key)), print: printPlace})
}

// printPlace prints where a key lives.
func printPlace(out io.Writer, v api.KeyPlace, _ time.Time) error {
	coordinator := v.Coordinator
	if coordinator == "" {
		coordinator = "none, because no primary answers"
	}
	fmt.Fprintf(out, "slot=%d partition=%d coordinator: %s\n", v.Slot, v.Partition, coordinator)
	t := newTable("NODE", "ROLE", "ANSWERS")
	for _, p := range v.PreferenceList {
		t.add(p.Node, p.Role, yesNo(p.Alive))
	}
	return t.print(out)
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

type adminVersions struct {
	Key string `arg:"" help:"The key."`
}

// Run implements the command.
func (c adminVersions) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[api.Versions]{ask: get[api.Versions]("/api/versions/" + url.PathEscape(c.Key)), print: printVersions})
}

// printVersions prints the history of a key, the oldest version first.
func printVersions(out io.Writer, v api.Versions, _ time.Time) error {
	t := newTable("VERSION", "AFTER", "NODE", "TIME", "NOW", "VALUE")
	for _, version := range v.Versions {
		current := ""
		if version.Current {
			current = "yes"
		}
		t.add(version.ID, strings.Join(version.Parents, " "), version.Node, timeText(version.TimestampMillis), current, valueText(version))
	}
	var err error
	switch {
	case len(v.Versions) > 0:
		if err = t.print(out); err == nil && !v.Complete {
			_, err = fmt.Fprintln(out, "older versions are no longer remembered")
		}
	case v.Complete:
		_, err = fmt.Fprintln(out, "the key was never written")
	default:
		_, err = fmt.Fprintln(out, "no node remembers a version: nodes keep the newest writes only")
	}
	printMissing(out, v.Missing)
	return err
}

// valueText shows the beginning of a value.
func valueText(v api.Version) string {
	const most = 24
	switch {
	case v.Tombstone:
		return "(deleted)"
	case v.Encoding == "base64":
		return fmt.Sprintf("(%s)", countOf(v.Bytes, "byte"))
	}
	text := fmt.Sprintf("%q", v.Value)
	if v.Truncated || len(text) > most {
		return fmt.Sprintf("%.*s… (%s)", most, text, countOf(v.Bytes, "byte"))
	}
	return text
}

// timeText formats a unix time in milliseconds, to the second.
func timeText(millis int64) string { return time.UnixMilli(millis).Format(time.DateTime) }

// printMissing names the nodes that did not answer.
func printMissing(out io.Writer, missing []string) {
	if len(missing) > 0 {
		fmt.Fprintf(out, "no answer from %s\n", strings.Join(missing, ", "))
	}
}

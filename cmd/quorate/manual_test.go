package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestManual_NamesEachCommandAndFlag also has groff read the page, where it is installed: it
// warns of what man(7) does not know.
func TestManual_NamesEachCommandAndFlag(t *testing.T) {
	var out, stderr bytes.Buffer
	if code := run(t.Context(), []string{"manual"}, console{out: &out, err: &stderr}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr.String())
	}
	page := out.String()
	var cli commands
	parser, err := newParser(&cli, console{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	err = kong.Visit(parser.Model, func(n kong.Visitable, next kong.Next) error {
		switch n := n.(type) {
		case *kong.Node:
			if n.Leaf() && n.Type == kong.CommandNode {
				commands++
				if want := ".SS " + roff(strings.TrimSpace(n.Summary())) + "\n" + roff(n.Help) + "\n"; strings.Count(page, want) != 1 {
					t.Errorf("%s has not one section", n.Path())
				}
			}
		case *kong.Flag:
			if !n.Hidden && !strings.Contains(page, ".B "+roff(n.String())+"\n"+roff(n.Help)) {
				t.Errorf("the page lacks --%s", n.Name)
			}
		}
		return next(nil)
	})
	if err != nil || commands < 20 {
		t.Errorf("%d commands, %v", commands, err)
	}
	for _, want := range []string{".SS quorate admin\n", `.B \-\-version`, "($QUORATE_ADMIN_ADDR)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if groff, err := exec.LookPath("groff"); err == nil {
		check := exec.Command(groff, "-K", "utf8", "-man", "-ww", "-z")
		check.Stdin = &out
		if text, err := check.CombinedOutput(); err != nil || len(text) > 0 {
			t.Errorf("groff: %v\n%s", err, text)
		}
	}
}

func TestRoff_EscapesWhatManWouldTakeForAnInstruction(t *testing.T) {
	for text, want := range map[string]string{"a-b": `a\-b`, ".x": `\&.x`, "'x": `\&'x`, `a\b`: `a\eb`, "two\nlines": "two lines"} {
		if got := roff(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

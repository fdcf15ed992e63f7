package main

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestCompletion_Line_GoesOnWithCommandsAndFlags asks as a shell does.
func TestCompletion_Line_GoesOnWithCommandsAndFlags(t *testing.T) {
	for line, want := range map[string][]string{
		"quorate ad":                  {"admin"},
		"quorate admin re":            {"remove", "repair", "replace"},
		"quorate admin repair ":       {"pause", "progress", "resume", "run"},
		"quorate admin check --w":     {"--watch", "--wait"},
		"quorate server --peer-secre": {"--peer-secret", "--peer-secret-accepted"},
		"quorate completion ":         {"bash", "fish", "zsh"},
		"quorate nothing":             nil,
	} {
		t.Setenv("COMP_LINE", line)
		var out, stderr bytes.Buffer
		code := run(t.Context(), nil, console{out: &out, err: &stderr})
		got := strings.Fields(out.String())
		slices.Sort(got)
		slices.Sort(want)
		if code != 0 || stderr.Len() > 0 || !slices.Equal(got, want) {
			t.Errorf("%q: exit code %d, %q, want %q\n%s", line, code, got, want, stderr.String())
		}
	}
}

// TestCompletion_Script_IsOneOfItsShell has the shell read it, where it is installed.
func TestCompletion_Script_IsOneOfItsShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		var out, stderr bytes.Buffer
		if code := run(t.Context(), []string{"completion", shell}, console{out: &out, err: &stderr}); code != 0 || !strings.Contains(out.String(), "complete -") {
			t.Errorf("%s: exit code %d\n%s%s", shell, code, out.String(), stderr.String())
		}
		if path, err := exec.LookPath(shell); err == nil {
			check := exec.Command(path, "-n")
			check.Stdin = &out
			if text, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", shell, err, text)
			}
		}
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"completion", "csh"}, console{out: &out, err: &out}); code != exitUsage {
		t.Errorf("csh: exit code %d\n%s", code, out.String())
	}
}

func TestHelp_IsThatOfItsCommand(t *testing.T) {
	for args, want := range map[string]string{
		"help":              "Usage: quorate <command>",
		"help admin config": "Usage: quorate admin config",
		"help help":         "Usage: quorate help",
	} {
		var out, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), console{out: &out, err: &stderr}); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("quorate %s: exit code %d, no %q in\n%s%s", args, code, want, out.String(), stderr.String())
		}
	}
	var out, stderr bytes.Buffer
	if code := run(t.Context(), []string{"help", "nothing"}, console{out: &out, err: &stderr}); code != exitUsage {
		t.Errorf("quorate help nothing: exit code %d\n%s%s", code, out.String(), stderr.String())
	}
}

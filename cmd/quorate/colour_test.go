package main

import (
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
)

func TestAdmin_Problems_AreColouredOnATerminalOnly(t *testing.T) {
	found := api.Problems{Problems: []api.Problem{{Level: "error", What: "A refuses writes"}, {Level: "warn", What: "B is slow"}}}
	var piped, shown strings.Builder
	for _, err := range []error{printProblems(&piped, found, time.Now()), printProblems(colourWriter{&shown}, found, time.Now())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(piped.String(), "\x1b") {
		t.Errorf("colours in a pipe: %q", piped.String())
	}
	if !strings.HasPrefix(shown.String(), "\x1b[31merror\x1b[0m A refuses writes\n") || !strings.Contains(shown.String(), "\n\x1b[33mwarn\x1b[0m B is slow\n") {
		t.Errorf("%q", shown.String())
	}
	if plain := strings.NewReplacer(string(red), "", string(yellow), "", string(plain), "").Replace(shown.String()); plain != piped.String() {
		t.Errorf("the colours change the text: %q, %q", plain, piped.String())
	}
}

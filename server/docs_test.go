package server

import (
	"os"
	"testing"
)

// TestCommandsPage_IsGenerated holds COMMANDS.md to the table; -update writes it.
func TestCommandsPage_IsGenerated(t *testing.T) {
	const path = "COMMANDS.md"
	want := CommandsPage()
	if *rewrite {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the table says; 'go test ./server -run Page -update' writes it", path)
	}
}

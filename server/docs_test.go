package server

import (
	"fmt"
	"os"
	"strings"
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

// The pages name the limits that are in force without a setting.
func TestPages_MostArguments_AreThoseOfTheDefault(t *testing.T) {
	most := fmt.Sprintf("%d,%03d,%03d arguments", DefaultMaxArguments/1_000_000, DefaultMaxArguments/1000%1000, DefaultMaxArguments%1000)
	for _, path := range []string{"COMMANDS.md", "../README.md"} {
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), most) {
			t.Errorf("%s does not say %q, %v", path, most, err)
		}
	}
}

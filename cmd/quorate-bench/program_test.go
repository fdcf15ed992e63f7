package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFindQuorate_GivenPath_IsTakenOrRefused(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "other-name")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho quorate 9.9.9\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	path, err := findQuorate(t.Context(), program, dir)
	if err != nil || path != program {
		t.Fatalf("found %q, %v, want %q", path, err, program)
	}
	if got := versionOf(t.Context(), path); got != "quorate 9.9.9" {
		t.Errorf("version %q, want what the program prints", got)
	}
	if _, err := findQuorate(t.Context(), filepath.Join(dir, "missing"), dir); !errors.Is(err, errUsage) {
		t.Errorf("a missing program: %v, want a usage error", err)
	}
}

func TestFindQuorate_NoPath_TakesTheOneOnThePath(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "quorate")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	path, err := findQuorate(t.Context(), "", t.TempDir())
	if err != nil || path != program {
		t.Fatalf("found %q, %v, want %q", path, err, program)
	}
}

func TestBenchmark_Validate_ReportsEveryFault(t *testing.T) {
	good := benchmark{Nodes: 3, Requests: 100, Clients: 1, ValueSize: 1, Keys: 1, Elements: 1, Rounds: 1}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	bad := good
	bad.Nodes, bad.Clients = 10, 0
	err := bad.Validate()
	want := "--nodes is 10, must be from 1 to 9\n--clients is 0, must be from 1 to 1000"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

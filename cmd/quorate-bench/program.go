package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// findQuorate returns the path of the program to measure: given, if it is not
// empty; else the file quorate beside this program; else the one on the PATH; else
// one that it builds into dir.
func findQuorate(ctx context.Context, given, dir string) (string, error) {
	if given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("%w: --quorate: %w", errUsage, err)
		}
		return filepath.Abs(path)
	}
	if self, err := os.Executable(); err == nil {
		if path, err := exec.LookPath(filepath.Join(filepath.Dir(self), "quorate")); err == nil {
			return path, nil
		}
	}
	if path, err := exec.LookPath("quorate"); err == nil {
		return filepath.Abs(path)
	}
	path := filepath.Join(dir, "quorate-program")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/quorate/quorate/cmd/quorate").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: no quorate program is beside this one or on the PATH, and it could not be built; name it with --quorate: %w\n%s",
			errUsage, err, out)
	}
	return path, nil
}

// versionOf returns what the program prints as its version.
func versionOf(ctx context.Context, program string) string {
	out, err := exec.CommandContext(ctx, program, "version").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is the version of this program, for `quorate version`, --version and INFO.
// Between two releases it is the next one with "-dev": what .github/CHANGELOG.md lists as unreleased.
// A build may replace it: go build -ldflags "-X main.release=0.2.0".
var release = "0.2.0-dev"

// versionCmd is `quorate version`.
type versionCmd struct{}

// Run implements the command.
func (versionCmd) Run(con console) error {
	_, err := fmt.Fprintln(con.out, "quorate", version())
	return err
}

// version returns the release, the commit where the build knows it, and the version
// of Go, like "0.2.0-dev (0123456789ab) go1.26.0".
func version() string {
	text := release
	if info, ok := debug.ReadBuildInfo(); ok {
		text += revisionOf(info)
	}
	return text + " " + runtime.Version()
}

// revisionOf returns the commit that info names, with a "+" if the files differed
// from it: " (0123456789ab+)". It returns "" where the build knows no commit.
func revisionOf(info *debug.BuildInfo) string {
	var commit, changed string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if commit == "" {
		return ""
	}
	return " (" + commit + changed + ")"
}

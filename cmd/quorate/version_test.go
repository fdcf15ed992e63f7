package main

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion_CommandAndFlag_PrintTheRelease(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, console{out: &out, err: &errs}); code != 0 {
			t.Errorf("%q: exit code %d: %s", args, code, errs.String())
		}
		if !strings.HasPrefix(out.String(), "quorate 0.2.0-dev ") {
			t.Errorf("%q prints %q, want quorate 0.2.0-dev first", args, out.String())
		}
	}
}

func TestRevision_OfABuild_IsItsCommitInShort(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for want, info := range map[string]debug.BuildInfo{
		"":                 {},
		" (0123456789ab)":  {Settings: []debug.BuildSetting{setting("vcs.revision", "0123456789abcdef"), setting("vcs.modified", "false")}},
		" (0123456789ab+)": {Settings: []debug.BuildSetting{setting("vcs.revision", "0123456789abcdef"), setting("vcs.modified", "true")}},
	} {
		if got := revisionOf(&info); got != want {
			t.Errorf("%+v: %q, want %q", info.Settings, got, want)
		}
	}
}

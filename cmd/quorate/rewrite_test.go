package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestRewrite_ChangesValuesAndLeavesTheRest(t *testing.T) {
	path := settingsPath(t, "# ours\nname: B # the second\ntimeout: 5s\n\n# limits\nmaxclients: 100\n")
	rewrite := rewriterOf(path)
	if err := rewrite(map[string]string{"timeout": "10", "requirepass": "p: #\"ss", "slowlog-log-slower-than": "-1"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = "# ours\nname: B # the second\ntimeout: \"10\"\n# limits\nmaxclients: 100\nrequirepass: 'p: #\"ss'\nslowlog-log-slower-than: \"-1\"\n"
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	cli, err := parse(t, "server", "--config", path)
	if err != nil {
		t.Fatal(err)
	}
	c := cli.Server.settings.client
	if c.IdleTimeout != 10*time.Second || c.Password != "p: #\"ss" || c.Slowlog.SlowerThanMicros != -1 || c.MaxClients != 100 {
		t.Errorf("read again: %+v", c)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRewrite_OfNothingAndOfSomethingElse(t *testing.T) {
	empty := settingsPath(t, "")
	if err := rewriterOf(empty)(map[string]string{"timeout": "10"}); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(empty); string(text) != "timeout: \"10\"\n" {
		t.Errorf("%q", text)
	}
	list := settingsPath(t, "- a\n")
	if err := rewriterOf(list)(map[string]string{"timeout": "10"}); err == nil {
		t.Error("a list was rewritten")
	}
	if text, _ := os.ReadFile(list); string(text) != "- a\n" {
		t.Errorf("%q", text)
	}
	if rewriterOf("") != nil {
		t.Error("there is no file")
	}
}

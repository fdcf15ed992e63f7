package server

import (
	"errors"
	"maps"
	"testing"
)

func TestConfigRewrite_GetsChangedSettings(t *testing.T) {
	var got map[string]string
	var fail error
	cfg := Config{
		Slowlog: &SlowlogConfig{Entries: 7},
		Rewrite: func(changed map[string]string) error { got = changed; return fail },
	}
	c := dial(t, serve(t, cfg, newFake(t)).Addr().String())
	if got := render(c.do("CONFIG", "GET", "slowlog-max-len")); got != "*2 $15 slowlog-max-len $1 7" {
		t.Errorf("configured: %s", got)
	}
	c.do("CONFIG", "SET", "proto-max-bulk-len", "2mb", "w", "3", "requirepass", "sesame")
	c.do("CONFIG", "SET", "timeout", "nonsense")
	c.do("CONFIG", "SET", "maxclients", "50", "databases", "3")
	if reply := c.do("CONFIG", "REWRITE"); reply != "+OK\r\n" {
		t.Fatalf("%q", reply)
	}
	want := map[string]string{"proto-max-bulk-len": "2097152", "requirepass": "sesame"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	fail = errors.New("read-only file system")
	if reply := c.do("CONFIG", "REWRITE"); reply != "-ERR Rewriting config file: read-only file system\r\n" {
		t.Errorf("%q", reply)
	}
}

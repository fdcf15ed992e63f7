package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/quorate/quorate/cluster/sim/poll"
)

// TestTracing_Server_ExportsWhatClientsDo runs a node with its flags, and ends it: what it
// has recorded until then is exported.
func TestTracing_Server_ExportsWhatClientsDo(t *testing.T) {
	var mu sync.Mutex
	var got bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(&got, r.Body)
	}))
	defer collector.Close()
	client, admin := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"server", "--found", "--data-dir", t.TempDir(), "--partitions", "16", "--log-level", "error",
			"--client-addr", client, "--admin-addr", admin, "--peer-addr", "127.0.0.1:" + freePort(t),
			"--tracing-endpoint", collector.URL, "--tracing-ratio", "1"}, console{out: io.Discard, err: io.Discard})
	}()
	c := redis.NewClient(&redis.Options{Addr: client})
	defer c.Close()
	poll.Until(t, "the node to serve", func() bool { return c.Set(ctx, "secret-key", "secret-value", 0).Err() == nil })
	metrics, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(metrics.Body)
	if err = errors.Join(err, metrics.Body.Close()); err != nil || !strings.Contains(string(text), "\nquorate_tracing_commands_dropped_total 0") {
		t.Errorf("%v: no metric of traces in\n%s", err, text)
	}
	stop()
	if got := <-code; got != 0 {
		t.Fatalf("exit code %d", got)
	}
	mu.Lock()
	defer mu.Unlock()
	for text, want := range map[string]bool{"SET": true, "quorate.key.hash": true, "apply": true, "secret": false} {
		if bytes.Contains(got.Bytes(), []byte(text)) != want {
			t.Errorf("%q in what was exported: %v, want %v", text, !want, want)
		}
	}
}

func TestTracing_BadSettings_AreRefused(t *testing.T) {
	for _, args := range [][]string{{"--tracing-endpoint", "localhost:4318"}, {"--tracing-ratio", "2"}, {"--tracing-keys", "some"}} {
		cli, err := parse(t, append([]string{"server"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := cli.Server.check(); err == nil || !strings.Contains(err.Error(), args[0]) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// TestTracing_EndpointGiven_IsWhatTurnsItOn tells what makes a recorder from what does not.
func TestTracing_EndpointGiven_IsWhatTurnsItOn(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for name, c := range map[string]struct {
		args      []string
		variables map[string]string
		want      bool
	}{
		"nothing":     {nil, nil, false},
		"a ratio":     {[]string{"--tracing-ratio", "1"}, nil, false},
		"a flag":      {[]string{"--tracing-endpoint", "http://127.0.0.1:1"}, nil, true},
		"a variable":  {nil, map[string]string{endpoint: "http://127.0.0.1:1"}, true},
		"no commands": {[]string{"--tracing-ratio", "0"}, map[string]string{endpoint: "http://127.0.0.1:1"}, false},
		"disabled":    {nil, map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range c.variables {
				t.Setenv(name, value)
			}
			cli, err := parse(t, append([]string{"server"}, c.args...)...)
			if err != nil {
				t.Fatal(err)
			}
			if err := cli.Server.check(); err != nil {
				t.Fatal(err)
			}
			r, err := cli.Server.settings.tracing.open("A", slog.New(slog.DiscardHandler))
			if err != nil || (r != nil) != c.want {
				t.Errorf("%v, %v, want a recorder: %v", r, err, c.want)
			}
		})
	}
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/server/tracing"
)

// tracingSettings are the settings of traces, and what records them.
type tracingSettings struct {
	endpoint string  // empty: as OpenTelemetry's variables say
	ratio    float64 // negative: the same
	keys     tracing.Keys
}

// rows returns the settings of traces.
func (s *tracingSettings) rows() []setting {
	return []setting{
		{name: "tracing-endpoint", value: collector(&s.endpoint), hint: "URL",
			help: "Send traces of some commands to this OpenTelemetry collector, by OTLP over HTTP, such as http://localhost:4318. Default: that of the variable OTEL_EXPORTER_OTLP_ENDPOINT; without one nothing is sent."},
		{name: "tracing-ratio", value: ratio(&s.ratio),
			help: fmt.Sprintf("The part of the commands that is traced. Default: that of the variables OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, or else %v.", tracing.DefaultRatio)},
		{name: "tracing-keys", value: choice(&s.keys, tracing.HashedKeys.String(), named(tracing.HashedKeys, tracing.NoKeys, tracing.PlainKeys)...),
			help: "How traces show keys: 'hash' as a number that the process gives to a key while it runs, 'none' not at all, 'plain' as they are. Values are never shown."},
	}
}

// collector makes a setting of the base URL of a collector.
func collector(field *string) value {
	v := text(field, "")
	v.accept = func() error {
		if *field == "" {
			return nil
		}
		_, err := tracing.EndpointOf(*field)
		return err
	}
	return v
}

// ratio makes a setting of a number from 0 to 1; without it the field is negative.
func ratio(field *float64) value {
	read := new(string)
	v := text(read, "")
	v.bounds = "0 to 1"
	v.accept = func() (err error) {
		if *field = -1; *read != "" {
			*field, err = tracing.ParseRatio(*read)
		}
		return err
	}
	return v
}

// open makes what records traces of a process, or nothing if none are wanted.
func (s *tracingSettings) open(instance string, log *slog.Logger) (*tracing.Recorder, error) {
	wanted := tracing.Config{Ratio: s.ratio, Keys: s.keys, Instance: instance, Version: version(), Logger: log.With("component", "tracing")}
	if s.endpoint != "" {
		wanted.Endpoint, _ = tracing.EndpointOf(s.endpoint) // it was checked
	}
	cfg, warnings, err := tracing.FromEnvironment(wanted, os.Getenv)
	if err != nil {
		return nil, usageError(err)
	}
	for _, w := range warnings {
		cfg.Logger.Warn("a variable of OpenTelemetry has no effect", "why", w)
	}
	if cfg.Endpoint == "" || cfg.Ratio == 0 {
		return nil, nil
	}
	return tracing.New(cfg)
}

// startRecording runs a recorder, if there is one, until the returned function is called.
// That waits until the recorder has exported what it has, or has given up.
func startRecording(r *tracing.Recorder) (stop func() error) {
	if r == nil {
		return func() error { return nil }
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group errgroup.Group
	group.Go(func() error { return r.Run(ctx) })
	return func() error {
		cancel()
		return group.Wait()
	}
}

package tracing

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	random "math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/quorate/quorate/server/command"
)

// Bounds of a recorder.
const (
	maxQueued     = 1024             // commands that wait; more are dropped
	maxBatch      = 512              // spans from which on a batch is exported
	exportEvery   = 5 * time.Second  // and at the latest
	exportTimeout = 10 * time.Second // of one batch, with its retries
	flushTimeout  = 2 * time.Second  // of everything, once Run's context has ended
	mostOfKey     = 256              // bytes of a plain key
)

// Counts tells what became of what a recorder took.
type Counts struct {
	Exported int64 // spans that the collector took
	Failed   int64 // spans that it did not take
	Dropped  int64 // commands for which there was no room
}

// Recorder records commands and exports them. It implements [command.Tracer], and is safe
// for concurrent use.
type Recorder struct {
	cfg      Config
	salt     [32]byte // of hashed keys
	queue    chan *command.Trace
	flushFor time.Duration // flushTimeout, but in tests
	exporter *otlptrace.Exporter
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	ended    []sdk.ReadOnlySpan // of the goroutine of Run: not exported yet
	failing  bool               // of the same: the last export failed

	exported, failed, dropped atomic.Int64
}

// New makes a recorder. It connects to nobody yet. Run must be called.
func New(cfg Config) (*Recorder, error) {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(cfg.Endpoint),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 3 * time.Second, MaxElapsedTime: exportTimeout}))
	if err != nil {
		return nil, fmt.Errorf("export of traces to %s: %w", cfg.Endpoint, err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "quorate"), attribute.String("service.version", cfg.Version),
		attribute.String("service.instance.id", cfg.Instance)), resource.WithFromEnv())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err), exporter.Shutdown(ctx))
	}
	r := &Recorder{cfg: cfg, queue: make(chan *command.Trace, maxQueued), flushFor: flushTimeout, exporter: exporter}
	if _, err := rand.Read(r.salt[:]); err != nil {
		return nil, errors.Join(err, exporter.Shutdown(ctx))
	}
	r.provider = sdk.NewTracerProvider(sdk.WithSampler(sdk.AlwaysSample()), sdk.WithResource(about), sdk.WithSpanProcessor((*endedSpans)(r)))
	r.tracer = r.provider.Tracer("github.com/quorate/quorate/server/tracing", trace.WithInstrumentationVersion(cfg.Version))
	// What the library has to tell beside its results; by itself it writes to standard error.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { cfg.Logger.Debug("OpenTelemetry", "err", err) }))
	return r, nil
}

// Sample implements [command.Tracer].
func (r *Recorder) Sample() bool { return random.Float64() < r.cfg.Ratio }

// Key implements [command.Tracer].
func (r *Recorder) Key(key []byte) string {
	switch r.cfg.Keys {
	case PlainKeys:
		return strings.ToValidUTF8(string(key[:min(len(key), mostOfKey)]), "\uFFFD")
	case HashedKeys:
		mac := hmac.New(sha256.New, r.salt[:])
		mac.Write(key)
		return hex.EncodeToString(mac.Sum(nil)[:8])
	default:
		return ""
	}
}

// Record implements [command.Tracer].
func (r *Recorder) Record(t *command.Trace) {
	select {
	case r.queue <- t:
	default:
		r.dropped.Add(1)
	}
}

// Counts returns what became of what r took so far.
func (r *Recorder) Counts() Counts {
	return Counts{Exported: r.exported.Load(), Failed: r.failed.Load(), Dropped: r.dropped.Load()}
}

// Run exports what is recorded until ctx ends. Then it exports what is left, for
// flushTimeout at most.
func (r *Recorder) Run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(r.flushFor, end) })
	defer stop()
	r.cfg.Logger.Info("traces are exported", "endpoint", withoutUser(r.cfg.Endpoint), "ratio", r.cfg.Ratio, "keys", r.cfg.Keys)
	tick := time.NewTicker(exportEvery)
	defer tick.Stop()
	for {
		select {
		case t := <-r.queue:
			r.take(life, t)
		case <-tick.C:
			r.export(life)
		case <-ctx.Done():
			r.flush(life)
			end := context.WithoutCancel(life)
			return errors.Join(r.provider.Shutdown(end), r.exporter.Shutdown(end))
		}
	}
}

// take makes the spans of a command, and exports them with others.
func (r *Recorder) take(life context.Context, t *command.Trace) {
	r.makeSpans(t)
	if len(r.ended) >= maxBatch {
		r.export(life)
	}
}

// flush exports what is left.
func (r *Recorder) flush(life context.Context) {
	for left := len(r.queue); left > 0; left-- {
		if life.Err() != nil {
			r.dropped.Add(int64(left))
			break
		}
		r.take(life, <-r.queue)
	}
	r.export(life)
}

// export exports the spans that have ended.
func (r *Recorder) export(life context.Context) {
	if len(r.ended) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(life, exportTimeout)
	defer cancel()
	err := r.exporter.ExportSpans(ctx, r.ended)
	count := int64(len(r.ended))
	clear(r.ended)
	r.ended = r.ended[:0]
	if err == nil {
		r.exported.Add(count)
	} else {
		r.failed.Add(count)
	}
	// One line when a collector begins to fail, one when it takes spans again.
	switch failing := err != nil; {
	case failing && !r.failing:
		r.cfg.Logger.Warn("traces cannot be exported: check the endpoint and the collector", "endpoint", withoutUser(r.cfg.Endpoint), "err", err)
	case !failing && r.failing:
		r.cfg.Logger.Info("traces are exported again", slog.Int64("spans_failed", r.failed.Load()), slog.Int64("commands_dropped", r.dropped.Load()))
	}
	r.failing = err != nil
}

// endedSpans is a recorder as the library sees it: it takes the spans that ended. Only the goroutine
// of Run ends any.
type endedSpans Recorder

// OnStart implements [sdk.SpanProcessor].
func (*endedSpans) OnStart(context.Context, sdk.ReadWriteSpan) {}

// OnEnd implements [sdk.SpanProcessor].
func (s *endedSpans) OnEnd(span sdk.ReadOnlySpan) { s.ended = append(s.ended, span) }

// Shutdown implements [sdk.SpanProcessor].
func (*endedSpans) Shutdown(context.Context) error { return nil }

// ForceFlush implements [sdk.SpanProcessor].
func (*endedSpans) ForceFlush(context.Context) error { return nil }

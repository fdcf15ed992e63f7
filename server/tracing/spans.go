package tracing

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/command"
)

// makeSpans makes the spans of a command: they end at once, with the times that were
// recorded.
func (r *Recorder) makeSpans(t *command.Trace) {
	name := strings.ToUpper(strings.ReplaceAll(t.Command, "|", " "))
	ctx, span := r.tracer.Start(context.Background(), name,
		trace.WithTimestamp(t.Began), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			attribute.String("db.system.name", "quorate"),
			attribute.String("db.operation.name", name),
			attribute.Int("quorate.requests", len(t.Requests)+t.Omitted),
		))
	for i := range t.Requests {
		r.makeRequest(ctx, t.Ring, &t.Requests[i])
	}
	if t.Failed {
		span.SetStatus(codes.Error, "answered with an error")
	}
	span.End(trace.WithTimestamp(t.Began.Add(t.Took)))
}

// makeRequest makes the span of a request, and those of its steps.
func (r *Recorder) makeRequest(ctx context.Context, view *ring.Ring, q *command.RequestTrace) {
	t := q.Replica
	name := "read"
	if q.Writes {
		name = "write"
	}
	ends := t.Began.Add(t.Took)
	ctx, span := r.tracer.Start(ctx, name, trace.WithTimestamp(t.Began), trace.WithAttributes(
		attribute.Int("quorate.slot", int(q.Slot)),
		attribute.Int("quorate.partition", int(t.Partition)),
		attribute.String("quorate.node", view.Name(t.Node)),
		attribute.String("quorate.coordinator", view.Name(t.Coordinator)),
		attribute.Int("quorate.quorum.needed", t.Need),
		attribute.Int("quorate.quorum.answered", t.Got),
		attribute.Int("quorate.siblings", t.Siblings),
	))
	switch r.cfg.Keys {
	case HashedKeys:
		span.SetAttributes(attribute.String("quorate.key.hash", q.Key))
	case PlainKeys:
		span.SetAttributes(attribute.String("quorate.key", q.Key))
	}
	for i := range t.Steps {
		s := &t.Steps[i]
		if s.Action == replica.ActionSkip {
			span.AddEvent("node is down", trace.WithTimestamp(t.Began.Add(s.At)), trace.WithAttributes(
				attribute.String("quorate.node", view.Name(s.Node)), attribute.String("quorate.role", string(s.Role))))
			continue
		}
		r.makeStep(ctx, view, t, s)
	}
	for _, id := range t.Repaired {
		span.AddEvent("read repair", trace.WithTimestamp(ends), trace.WithAttributes(attribute.String("quorate.node", view.Name(id))))
	}
	if q.Err != nil {
		span.SetStatus(codes.Error, kindOf(q.Err))
	}
	span.End(trace.WithTimestamp(ends))
}

// makeStep makes the span of one step. What was not answered when the request was decided
// ends with the request.
func (r *Recorder) makeStep(ctx context.Context, view *ring.Ring, t *replica.Trace, s *replica.Step) {
	kind, outcome := trace.SpanKindClient, s.Outcome
	if s.Node == t.Node {
		kind = trace.SpanKindInternal
	}
	if outcome == replica.OutcomePending {
		outcome = "pending"
	}
	took := s.Took
	if took < 0 {
		took = max(0, t.Took-s.At)
	}
	_, span := r.tracer.Start(ctx, string(s.Action), trace.WithTimestamp(t.Began.Add(s.At)), trace.WithSpanKind(kind), trace.WithAttributes(
		attribute.String("quorate.node", view.Name(s.Node)),
		attribute.String("quorate.role", string(s.Role)),
		attribute.String("quorate.outcome", string(outcome)),
	))
	if s.For != 0 {
		span.SetAttributes(attribute.String("quorate.hint.for", view.Name(s.For)))
	}
	if s.Outcome == replica.OutcomeFailed || s.Outcome == replica.OutcomeSilent {
		span.SetStatus(codes.Error, s.Error)
	}
	span.End(trace.WithTimestamp(t.Began.Add(s.At + took)))
}

// kindOf returns what an error says of the cluster, and nothing of the request.
func kindOf(err error) string {
	var quorum *replica.NoQuorumError
	switch {
	case errors.As(err, &quorum):
		return quorum.Error()
	case errors.Is(err, replica.ErrUnknownOutcome):
		return "the outcome is unknown"
	default:
		return "refused"
	}
}

// withoutUser returns a URL without a password, for the log.
func withoutUser(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Redacted()
}

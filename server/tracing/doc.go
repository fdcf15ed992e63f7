// Package tracing exports samples of the commands of clients to an OpenTelemetry collector,
// by OTLP over HTTP. It is the only package that imports OpenTelemetry.
//
// A command is a span, each of its requests a span below it, and each step of a request one
// below that: what DYNAMO TRACE shows of them ([replica.Trace]). All spans are made by the
// node that took the command. A node that coordinates a forwarded update sends its steps
// back with its answer, so they are there, too. Nothing is made by the replicas.
//
// A [Recorder] decides by chance which commands are recorded. The goroutine of a client
// hands a command over and does no more; the goroutine of [Recorder.Run] makes the spans
// and exports them.
//
// The variables of OpenTelemetry that its exporter reads hold here, too: those of headers,
// certificates, compression and time limits (OTEL_EXPORTER_OTLP_…), those of the resource
// (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES), and those of the limits of spans
// (OTEL_SPAN_…). [FromEnvironment] reads the endpoint and the sampler.
//
// Invariant: a recorder never blocks a client. A command for which its queue has no room is
// dropped and counted. No span has a value, an argument or, unless the configuration says
// so, a key.
//
// Owns: the goroutine of Run, and the connections of its exporter.
//
// Not: what is recorded (server/command, cluster/replica), and metrics (admin).
package tracing

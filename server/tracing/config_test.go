package tracing

import (
	"errors"
	"testing"
)

func TestFromEnvironment_VariablesOfOpenTelemetry_FillWhatIsNotSaid(t *testing.T) {
	said := Config{Endpoint: "http://said:1/v1/traces", Ratio: 0.5}
	open := Config{Ratio: -1}
	for name, c := range map[string]struct {
		given     Config
		variables map[string]string
		endpoint  string
		ratio     float64
		warnings  int
	}{
		"nothing":            {open, nil, "", -1, 0},
		"said":               {said, nil, said.Endpoint, 0.5, 0},
		"said wins":          {said, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318", "OTEL_TRACES_SAMPLER": "always_on"}, said.Endpoint, 0.5, 0},
		"base":               {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}, "http://a:4318/v1/traces", DefaultRatio, 0},
		"base with a path":   {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://a/otlp/"}, "https://a/otlp/v1/traces", DefaultRatio, 0},
		"whole":              {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b:2/x"}, "http://b:2/x", DefaultRatio, 0},
		"all":                {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1", "OTEL_TRACES_SAMPLER": "parentbased_always_on"}, "http://a:1/v1/traces", 1, 0},
		"none":               {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1", "OTEL_TRACES_SAMPLER": "always_off"}, "http://a:1/v1/traces", 0, 0},
		"a ratio":            {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"}, "http://a:1/v1/traces", 0.25, 0},
		"a ratio of all":     {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1", "OTEL_TRACES_SAMPLER": "traceidratio"}, "http://a:1/v1/traces", 1, 0},
		"a wrong ratio":      {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "NaN"}, "http://a:1/v1/traces", DefaultRatio, 1},
		"an unknown sampler": {open, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1", "OTEL_TRACES_SAMPLER": "jaeger_remote"}, "http://a:1/v1/traces", DefaultRatio, 1},
		"another protocol":   {said, map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, said.Endpoint, 0.5, 1},
		"the right protocol": {said, map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, said.Endpoint, 0.5, 0},
		"another exporter":   {said, map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, said.Endpoint, 0.5, 1},
		"disabled":           {said, map[string]string{"OTEL_SDK_DISABLED": "true"}, "", 0.5, 0},
		"no exporter":        {said, map[string]string{"OTEL_TRACES_EXPORTER": "none"}, "", 0.5, 0},
	} {
		got, warnings, err := FromEnvironment(c.given, func(name string) string { return c.variables[name] })
		if err != nil || got.Endpoint != c.endpoint || got.Ratio != c.ratio || len(warnings) != c.warnings {
			t.Errorf("%s: %q, ratio %v, warnings %q, %v", name, got.Endpoint, got.Ratio, warnings, err)
		}
	}
}

func TestFromEnvironment_BadEndpoint_IsAnErrorThatNamesTheVariable(t *testing.T) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		for _, bad := range []string{"localhost:4318", "http://", "grpc://a:1", "http://a b", "%"} {
			_, _, err := FromEnvironment(Config{}, func(asked string) string {
				if asked == name {
					return bad
				}
				return ""
			})
			if !errors.Is(err, ErrEndpoint) || !startsWith(err, name) {
				t.Errorf("%s=%s: %v", name, bad, err)
			}
		}
	}
}

func startsWith(err error, text string) bool {
	return len(err.Error()) > len(text) && err.Error()[:len(text)] == text
}

func TestParseRatio_Bounds(t *testing.T) {
	for text, ok := range map[string]bool{"0": true, "1": true, "0.01": true, "1e-3": true, "-0.1": false, "1.1": false, "NaN": false, "": false, "half": false} {
		if _, err := ParseRatio(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

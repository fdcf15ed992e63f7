package tracing

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
)

// DefaultRatio is the part of the commands that is recorded, if nothing else is said.
const DefaultRatio = 0.01

// Config says what is recorded and where it goes.
type Config struct {
	// Endpoint is the URL that spans are posted to, with its path.
	Endpoint string
	// Ratio is the part of the commands that is recorded: 0 to 1.
	Ratio float64
	Keys  Keys

	Instance string // of the service: the name of the node
	Version  string // of quorate
	Logger   *slog.Logger
}

// Keys says how much is recorded of a key.
type Keys int

// The ways to record keys.
const (
	HashedKeys Keys = iota // a number that is the same for the same key while the process runs
	NoKeys                 // nothing but the hash slot
	PlainKeys              // the key
)

// String returns the name of k, as a user writes it.
func (k Keys) String() string { return [...]string{"hash", "none", "plain"}[k] }

// ErrEndpoint says that an endpoint is not a URL of HTTP.
var ErrEndpoint = errors.New("want a URL such as http://localhost:4318")

// EndpointOf returns the URL for spans of a collector whose base URL is given.
func EndpointOf(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%q: %w", base, ErrEndpoint)
	}
	return u.JoinPath("v1", "traces").String(), nil
}

// FromEnvironment adds to c what OpenTelemetry's variables say and c does not: an empty
// Endpoint, or a negative Ratio. Without an endpoint nothing is to be recorded.
// The warnings are about variables that have no effect.
func FromEnvironment(c Config, variable func(string) string) (_ Config, warnings []string, err error) {
	if variable("OTEL_SDK_DISABLED") == "true" || variable("OTEL_TRACES_EXPORTER") == "none" {
		c.Endpoint = ""
		return c, nil, nil
	}
	if c.Endpoint == "" {
		if c.Endpoint, err = endpointFrom(variable); c.Endpoint == "" {
			return c, nil, err
		}
	}
	if name := variable("OTEL_TRACES_EXPORTER"); name != "" && name != "otlp" {
		warnings = append(warnings, fmt.Sprintf("OTEL_TRACES_EXPORTER is %q: traces are exported by otlp all the same", name))
	}
	protocol := cmp.Or(variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), variable("OTEL_EXPORTER_OTLP_PROTOCOL"))
	if protocol != "" && protocol != "http/protobuf" {
		warnings = append(warnings, fmt.Sprintf("the protocol of OTLP is %q: traces are exported by http/protobuf all the same", protocol))
	}
	if c.Ratio < 0 {
		var warning string
		if c.Ratio, warning = ratioFrom(variable); warning != "" {
			warnings = append(warnings, warning)
		}
	}
	return c, warnings, nil
}

func endpointFrom(variable func(string) string) (string, error) {
	const special, general = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
	if whole := variable(special); whole != "" {
		if _, err := EndpointOf(whole); err != nil {
			return "", fmt.Errorf("%s is %w", special, err)
		}
		return whole, nil
	}
	base := variable(general)
	if base == "" {
		return "", nil
	}
	endpoint, err := EndpointOf(base)
	if err != nil {
		return "", fmt.Errorf("%s is %w", general, err)
	}
	return endpoint, nil
}

// ratioFrom returns the ratio of OpenTelemetry's sampler. No command has a parent, so the
// samplers by parent are the same as the others.
func ratioFrom(variable func(string) string) (ratio float64, warning string) {
	sampler := variable("OTEL_TRACES_SAMPLER")
	switch strings.TrimPrefix(sampler, "parentbased_") {
	case "":
		return DefaultRatio, ""
	case "always_on":
		return 1, ""
	case "always_off":
		return 0, ""
	case "traceidratio":
		text := cmp.Or(variable("OTEL_TRACES_SAMPLER_ARG"), "1")
		ratio, err := ParseRatio(text)
		if err != nil {
			return DefaultRatio, fmt.Sprintf("OTEL_TRACES_SAMPLER_ARG is %v: %v is taken", err, DefaultRatio)
		}
		return ratio, ""
	default:
		return DefaultRatio, fmt.Sprintf("OTEL_TRACES_SAMPLER is %q, which is not known: the ratio %v is taken", sampler, DefaultRatio)
	}
}

// ParseRatio reads a number from 0 to 1.
func ParseRatio(text string) (float64, error) {
	ratio, err := strconv.ParseFloat(text, 64)
	if err != nil || !(ratio >= 0 && ratio <= 1) { // not a number is neither
		return 0, fmt.Errorf("%q, but must be a number from 0 to 1", text)
	}
	return ratio, nil
}

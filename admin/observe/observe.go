package observe

import _ "embed"

// Alerts are the alert rules, in Prometheus's YAML.
//
//go:embed alerts.yml
var Alerts []byte

// Grafana is the dashboard, in Grafana's JSON: import it, and choose a Prometheus as its data
// source.
//
//go:embed grafana.json
var Grafana []byte

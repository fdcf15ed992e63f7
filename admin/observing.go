package admin

import (
	"encoding/json"
	"net/http"

	"github.com/quorate/quorate/admin/observe"
)

const yamlMedia = "application/yaml"

// getAlerts serves the alert rules for Prometheus.
func getAlerts(w http.ResponseWriter, _ *http.Request) {
	setHeaders(w.Header())
	w.Header().Set("Content-Type", yamlMedia)
	_, _ = w.Write(observe.Alerts)
}

// getGrafana serves the dashboard for Grafana.
func getGrafana(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, json.RawMessage(observe.Grafana))
}

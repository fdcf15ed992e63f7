package admin

import "net/http"

// getHealth answers 200 as long as the process runs.
func (s *Server) getHealth(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

// getReady answers 200 when the node behind the port has its place in the ring
// and accepts writes.
func (s *Server) getReady(w http.ResponseWriter, _ *http.Request) {
	node, err := s.cfg.Process.Node()
	if err == nil && !isReady(node) {
		err = errNotReady
	}
	if err == nil {
		err = node.Store.Health()
	}
	if err == nil && !s.cfg.Process.DrainingSince().IsZero() {
		err = errDraining
	}
	if err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

package main

import "time"

// drain makes the node refuse new clients, because it is about to be stopped. The next life of
// the node takes them again.
func (h *supervisor) drain() error {
	l, why := h.state()
	if l == nil {
		return why
	}
	if l.drainingSince().IsZero() {
		l.draining.Store(h.now().UnixMilli())
		l.client.RefuseClients()
		h.log.Info("node drains: it refuses new clients", "node", h.name())
	}
	return nil
}

// undrain makes the node take clients again.
func (h *supervisor) undrain() error {
	l, why := h.state()
	if l == nil {
		return why
	}
	if l.draining.Swap(0) != 0 {
		l.client.TakeClients()
		h.log.Info("node takes clients again", "node", h.name())
	}
	return nil
}

// now reads the wall clock of the node.
func (h *supervisor) now() time.Time {
	if h.node.Now != nil {
		return h.node.Now()
	}
	return time.Now()
}

// drainingSince returns when the node was told to drain; zero: it takes clients.
func (l *life) drainingSince() time.Time {
	if millis := l.draining.Load(); millis != 0 {
		return time.UnixMilli(millis)
	}
	return time.Time{}
}

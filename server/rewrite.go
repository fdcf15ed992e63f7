package server

import (
	"context"
	"errors"
	"fmt"
)

// preset puts settings into force before the first client comes.
func (c *settings) preset(values map[string]string) error {
	var faults []error
	for name, value := range values {
		setting, known := c.byName[name]
		if !known || setting.set == nil {
			faults = append(faults, fmt.Errorf("setting %s: there is none that can be set", name))
			continue
		}
		apply, err := setting.set(value)
		if err != nil {
			faults = append(faults, fmt.Errorf("setting %s: %w", name, err))
			continue
		}
		apply()
	}
	return errors.Join(faults...)
}

// note remembers what CONFIG REWRITE has to write. N, R and W are not the node's
// but the cluster's, which keeps them by itself.
func (c *settings) note(names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.changed == nil {
		c.mu.changed = make(map[string]bool)
	}
	for _, name := range names {
		if name != "n" && name != "r" && name != "w" {
			c.mu.changed[name] = true
		}
	}
}

// changes is what CONFIG SET has changed since the start, as it is now.
func (c *settings) changes() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	values := make(map[string]string, len(c.mu.changed))
	for name := range c.mu.changed {
		values[name] = c.byName[name].get()
	}
	if c.mu.changed["requirepass"] {
		values["requirepass"] = c.password() // not as it is shown
	}
	return values
}

func runConfigRewrite(_ context.Context, s *session, _ *command, _ [][]byte) {
	if s.server.cfg.Rewrite == nil {
		s.out.Error("ERR The server is running without a config file")
		return
	}
	if err := s.server.cfg.Rewrite(s.server.settings.changes()); err != nil {
		s.server.cfg.Logger.Warn("settings file cannot be rewritten", "err", err)
		s.out.Error("ERR Rewriting config file: " + err.Error())
		return
	}
	s.out.OK()
}

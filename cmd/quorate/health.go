package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"
)

// healthCmd is `quorate health`, for a container's health check.
type healthCmd struct {
	AdminAddr string `default:"127.0.0.1:8001" help:"Admin port to ask; https://HOST:PORT where it speaks TLS."`
	Wait      span   `default:"0s" help:"Ask again for so long until it is ready."`
}

// Run implements the command.
func (c *healthCmd) Run(ctx context.Context, con console) error {
	port := newAdminPort(c.AdminAddr)
	// It asks by an address that the certificate need not name, and tells nothing.
	port.secure = &tls.Config{InsecureSkipVerify: true}
	deadline := time.Now().Add(time.Duration(c.Wait))
	for {
		err := port.call(ctx, "GET", "/readyz", nil, nil)
		if err == nil {
			_, err = fmt.Fprintln(con.out, "ready")
			return err
		}
		if ctx.Err() != nil || !time.Now().Before(deadline) {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

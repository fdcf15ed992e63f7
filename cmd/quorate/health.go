package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/number"
)

// healthCmd is `quorate health`, for a container's health check.
type healthCmd struct {
	AdminAddr string `default:"${admin_addr}" help:"Admin port to ask, about its own node only (quorate admin status shows the cluster); https://HOST:PORT where it speaks TLS."`
	Wait      span   `default:"0s" help:"Repeat for this long until it is ready."`
}

// Run implements the command.
func (c *healthCmd) Run(ctx context.Context, con console) error {
	// The certificate may not name the address that is asked, and no secret is sent.
	port := api.NewClient(api.Config{Addr: reachableURL(c.AdminAddr), TLS: &tls.Config{InsecureSkipVerify: true}})
	defer port.Close()
	deadline := time.Now().Add(time.Duration(c.Wait))
	for {
		err := port.Ready(ctx)
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

// span is a length of time: see [number.ParseDuration].
type span time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *span) UnmarshalText(text []byte) error {
	d, err := number.ParseDuration(string(text))
	*s = span(d)
	return err
}

func (s span) String() string { return number.FormatDuration(time.Duration(s)) }

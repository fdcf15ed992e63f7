package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/quorate/quorate/server"
)

// clientPort is what a client port is made of, with the address where it listens.
type clientPort struct {
	server.Config
	Addr string
}

// listen binds the client port. If another process has the port, the error says so
// and names the flag.
func (c *clientPort) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", c.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("client port %s is in use by another process: stop it, or choose another with --client-addr: %w", c.Addr, err)
	}
	if err != nil {
		return nil, fmt.Errorf("client port: %w", err)
	}
	return listener, nil
}

package connection

import (
	"time"

	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/command"
)

// Family holds what the commands on connections work with.
type Family struct {
	Users   *auth.Users
	Clients Clients
	Pause   *Pause
}

// Clients lists the connections of the node.
type Clients interface {
	// Clients returns those that no client closed, the oldest first.
	Clients() []Client
}

// Client is some connection of the node. All of it may be called while its session
// works.
type Client interface {
	ID() int64
	Address() string
	LocalAddress() string
	Status() Status
	// Kill closes the connection at once.
	Kill()
}

// Status is what CLIENT LIST shows of a connection.
type Status struct {
	Identity    command.Identity
	Descriptor  int // number of the connection's file; 0 where it has none
	Since       time.Time
	LastActive  time.Time
	Last        *command.Row // command; nil before the first
	InputBytes  int64        // that wait for the rest of a command
	InputRoom   int64        // bytes of the input buffer
	OutputBytes int64        // of replies that the client has not read
}

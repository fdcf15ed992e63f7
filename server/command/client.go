package command

import (
	"log/slog"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/limits"
	"github.com/quorate/quorate/server/resp"
)

// RedisVersion is the version of Redis that the node presents itself as: the one
// whose replies and texts quorate keeps to.
const RedisVersion = "7.2.4"

// Node is what all connections of a server share.
type Node struct {
	Store      Store
	Now        func() time.Time // the wall clock
	Limits     *limits.Limits
	Budget     *limits.Budget
	Table      *Table
	Standalone bool   // the node does not present itself as a cluster
	Version    string // of quorate
	Logger     *slog.Logger
	Tracer     Tracer // nil: no command is recorded
	// LargeValue logs that a client stores a value of LargeValueBytes or more.
	LargeValueBytes int64
	LargeValue      func(size int, client string)
}

// Mode returns how the node presents itself in HELLO and INFO.
func (n *Node) Mode() string {
	if n.Standalone {
		return "standalone"
	}
	return "cluster"
}

// Client is one connection as the handlers of its commands see it.
type Client struct {
	Node    *Node
	Out     resp.Writer
	Session Session
	Options Options

	// What all replies of a batch share, taken by [Client.Look].
	Now    int64 // unix ms
	Policy register.Policy

	Batch        *Batch // while the session works
	Hits, Misses int64  // of reads, since the session last counted them

	contextToken []byte   // scratch of a context being written
	values       [][]byte // scratch of MGET
}

// Look takes the time and the policy that the replies of a batch go by.
func (c *Client) Look() {
	c.Now = c.Node.Now().UnixMilli()
	c.Policy = c.Node.Store.Policy()
}

// Options are what a client chose for its reads and writes. RESET undoes them.
type Options struct {
	Contexts bool // CLIENT CONTEXTS ON
	R, W     int  // CLIENT QUORUM; 0: the cluster's
}

// Session is the connection behind a [Client]: what only its owner can do.
type Session interface {
	Connection
	Authenticator
	Describer
	// SetReplies switches the replies of the commands that follow off and on.
	SetReplies(ReplyMode)
	// Watch begins MONITOR on this connection, once. RESET ends it.
	Watch()
	// Reset puts the session's own state back to that of a new connection.
	Reset()
}

// Connection identifies a connection, and ends it.
type Connection interface {
	// ID returns the connection's number, which no other of this node ever has.
	ID() int64
	// Address returns the client's address, as host:port.
	Address() string
	// EndAfterReplies closes the connection once what is planned is answered.
	EndAfterReplies()
}

// Authenticator knows whether the client has authenticated.
type Authenticator interface {
	Authenticated() bool
	SetAuthenticated(bool)
}

// Describer keeps what CLIENT LIST shows. Other sessions may ask for it.
type Describer interface {
	Identity() Identity
	Describe(change func(*Identity))
}

// ReplyMode is the argument of CLIENT REPLY.
type ReplyMode uint8

const (
	ReplyOn   ReplyMode = iota
	ReplyOff            // nothing is answered until ReplyOn
	ReplySkip           // the next command is not answered
)

// Identity is what a client says about itself.
type Identity struct {
	Name, Library, LibraryVersion string
	RESP3                         bool
	NoEvict, NoTouch              bool
	Monitor                       bool
}

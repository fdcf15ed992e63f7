package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/quorate/quorate/server/resp"
)

// RedisVersion is the version of Redis that clients are told: the one whose
// replies and texts quorate keeps to.
const RedisVersion = "7.2.4"

// Config is what a [Server] is made of. A zero field takes its default.
type Config struct {
	// Addr is the TCP address to listen on; default 127.0.0.1:6379.
	Addr string
	// Password, when not empty, is asked of every client (requirepass).
	Password string
	// Version of quorate, told by INFO.
	Version string
	// Standalone makes the node answer as a Redis outside of a cluster does:
	// CLUSTER and its kin are refused, and INFO says so (cluster-enabled no).
	Standalone bool

	MaxClients      int           // connections at once; default 10000
	ProtoMaxBulkLen int64         // bytes of one argument; default 512 MiB
	MaxArguments    int64         // of one command; default 1048576
	IdleTimeout     time.Duration // closes a client without a command; default 0: never
	WriteTimeout    time.Duration // closes a client that takes no replies; default 60 s
	InputLimit      int64         // bytes of one client's unfinished command; default 1 GiB
	OutputLimit     int64         // bytes of replies waiting for one client; default 64 MiB
	BufferedLimit   int64         // bytes of both, over all clients; default 2 GiB
	Grace           time.Duration // for commands under way when Run's context ends; default 2 s
	WarnValueSize   int64         // bytes of a value worth a line in the log; default 5 MB

	// Chaos allows DEBUG SLEEP.
	Chaos bool
	// Shutdown, when set, asks the process to stop, for SHUTDOWN; it must not
	// block. Without it the command is refused.
	Shutdown func()

	// Preset are settings put into force at the start, as CONFIG SET would.
	Preset map[string]string
	// Rewrite, when set, puts what CONFIG SET changed into the node's settings
	// file, for CONFIG REWRITE. Without it the command is refused.
	Rewrite func(changed map[string]string) error

	// Settings are shown by CONFIG GET, read-only: facts that other parts of
	// the node know, such as dir or appendfsync.
	Settings map[string]string
	// Facts, when set, gives more lines for INFO's Quorate section: name and
	// value. It must not block for longer than its context.
	Facts func(ctx context.Context) [][2]string
	// Now is the wall clock; default time.Now.
	Now func() time.Time
	// Logger gets what an operator should know; default none.
	Logger *slog.Logger
}

// Validate reports every impossible value at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(c.MaxClients > 0, "maximum of clients: %d is not positive", c.MaxClients)
	check(c.ProtoMaxBulkLen >= 1<<20 && c.ProtoMaxBulkLen <= maxBulk,
		"proto-max-bulk-len: %d is not between 1 MiB and %d", c.ProtoMaxBulkLen, maxBulk)
	check(c.MaxArguments >= 16 && c.MaxArguments <= math.MaxInt32, "maximum of arguments: %d is not between 16 and 2^31", c.MaxArguments)
	check(c.InputLimit >= inputKept, "input limit: %d bytes are less than %d", c.InputLimit, inputKept)
	check(c.OutputLimit >= resp.FlushBytes, "output limit: %d bytes are less than %d", c.OutputLimit, resp.FlushBytes)
	check(c.BufferedLimit >= inputKept, "limit of buffered bytes: %d are less than %d", c.BufferedLimit, inputKept)
	check(c.IdleTimeout >= 0, "idle timeout: %v is negative", c.IdleTimeout)
	check(c.WriteTimeout > 0, "write timeout: %v is not positive", c.WriteTimeout)
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	orElse(&c.Addr, "127.0.0.1:6379")
	orElse(&c.Version, "dev")
	orElse(&c.MaxClients, 10000)
	orElse(&c.ProtoMaxBulkLen, 512<<20)
	orElse(&c.MaxArguments, 1<<20)
	orElse(&c.WriteTimeout, time.Minute)
	orElse(&c.InputLimit, 1<<30)
	orElse(&c.OutputLimit, 64<<20)
	orElse(&c.BufferedLimit, 2<<30)
	orElse(&c.Grace, 2*time.Second)
	orElse(&c.WarnValueSize, 5<<20)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/quorate/quorate/server/introspect"
	"github.com/quorate/quorate/server/limits"
)

// Config is what a [Server] is made of. A zero field takes its default. The names
// and bounds of the settings that CONFIG SET may change are in server/introspect.
type Config struct {
	// Password, when not empty, is asked of every client (requirepass).
	Password string
	// Version of quorate, which INFO shows.
	Version string
	// Standalone makes the node answer as a Redis outside of a cluster does:
	// CLUSTER and its relatives are refused, and INFO says so (cluster-enabled no).
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

	// Slowlog says what SLOWLOG keeps; default 128 commands of 10 ms and longer.
	Slowlog *SlowlogConfig
	// LatencyThreshold is what LATENCY remembers: commands of this length and
	// longer, in whole milliseconds; default 0: nothing.
	LatencyThreshold time.Duration

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

// SlowlogConfig says what the slow log keeps.
type SlowlogConfig struct {
	LongerThan time.Duration // in whole microseconds; 0: every command; below 0: none
	Entries    int64         // the newest that are kept
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
	check(c.ProtoMaxBulkLen >= limits.MinBulk && c.ProtoMaxBulkLen <= limits.MaxBulk,
		"proto-max-bulk-len: %d is not between 1 MiB and %d", c.ProtoMaxBulkLen, limits.MaxBulk)
	check(c.MaxArguments >= 16 && c.MaxArguments <= math.MaxInt32, "maximum of arguments: %d is not between 16 and 2^31", c.MaxArguments)
	check(c.InputLimit >= limits.MinBuffered, "input limit: %d bytes are less than %d", c.InputLimit, limits.MinBuffered)
	check(c.OutputLimit >= limits.MinBuffered, "output limit: %d bytes are less than %d", c.OutputLimit, limits.MinBuffered)
	check(c.BufferedLimit >= limits.MinBuffered, "limit of buffered bytes: %d are less than %d", c.BufferedLimit, limits.MinBuffered)
	check(c.Slowlog.Entries >= 0 && c.Slowlog.Entries <= introspect.MaxSlowlogEntries,
		"slow log: %d entries are not between 0 and %d", c.Slowlog.Entries, introspect.MaxSlowlogEntries)
	check(c.LatencyThreshold >= 0, "latency threshold: %v is negative", c.LatencyThreshold)
	check(c.IdleTimeout >= 0, "idle timeout: %v is negative", c.IdleTimeout)
	check(c.WriteTimeout > 0, "write timeout: %v is not positive", c.WriteTimeout)
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
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
	if c.Slowlog == nil {
		c.Slowlog = &SlowlogConfig{LongerThan: 10 * time.Millisecond, Entries: 128}
	}
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

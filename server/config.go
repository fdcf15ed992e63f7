package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/limits"
)

// Users holds who may use a client port, and the password in force. It is safe for
// concurrent use.
type Users = auth.Users

// NewUsers returns the default user with a password; an empty one lets everybody in.
func NewUsers(password string) *Users { return auth.NewUsers(password) }

// Config is what a [Server] is made of. A zero field takes its default. The
// ranges of its numbers are in server/limits.
type Config struct {
	// Password, when not empty, is asked of every client (requirepass).
	Password string
	// Users holds the password that is in force, for those who share it with the client
	// port; default: new ones with Password.
	Users *Users
	// Version of quorate, which INFO shows.
	Version string
	// Standalone makes the node answer as a Redis outside of a cluster does:
	// CLUSTER and its relatives are refused, and INFO says so (cluster-enabled no).
	Standalone bool

	// The numbers that CONFIG SET changes; the table, [Settings], has their defaults and bounds.
	MaxClients      int64         // connections at once
	ProtoMaxBulkLen int64         // bytes of one argument
	IdleTimeout     time.Duration // closes a client without a command; 0: never
	InputLimit      int64         // bytes of one client's unfinished command
	OutputLimit     int64         // bytes of replies waiting for one client
	BufferedLimit   int64         // bytes of both, over all clients
	// Slowlog says what SLOWLOG keeps; nil: the defaults.
	Slowlog *SlowlogConfig
	// LatencyThresholdMillis is the duration in milliseconds from which on LATENCY
	// records a command; 0: none.
	LatencyThresholdMillis int64

	MostClients   int64         // largest MaxClients that CONFIG SET may set; default that of limits.ClientCount
	MaxArguments  int64         // of one command; default DefaultMaxArguments
	WriteTimeout  time.Duration // closes a client that takes no replies; default 60 s
	Grace         time.Duration // for commands under way when Run's context ends; default 2 s
	WarnValueSize int64         // bytes of a value worth a line in the log; default 5 MB

	// Chaos allows DEBUG SLEEP.
	Chaos bool
	// Shutdown, when set, asks the process to stop, for SHUTDOWN; it must not
	// block. Without it the command is refused.
	Shutdown func()

	// Rewrite, when set, puts what CONFIG SET changed into the node's settings
	// file, for CONFIG REWRITE. Without it the command is refused.
	Rewrite func(changed map[string]string) error

	// Tracer, when set, gets samples of the commands.
	Tracer command.Tracer

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

// DefaultMaxArguments is the default of [Config.MaxArguments].
const DefaultMaxArguments = 1 << 20

// SlowlogConfig says what the slow log keeps.
type SlowlogConfig struct {
	SlowerThanMicros int64 // microseconds from which on a command is recorded; -1: none
	Entries          int64 // the newest that are kept
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
	inRange := func(name string, v int64, within number.Range[int64]) {
		check(within.Holds(v), "%s: %d is not between %d and %d", name, v, within.Least, within.Most)
	}
	for _, row := range settings {
		inRange(row.Name, *row.field(&c), row.Within)
	}
	inRange("largest maxclients", c.MostClients, limits.ClientCount)
	check(c.MaxArguments >= 16 && c.MaxArguments <= math.MaxInt32, "maximum of arguments: %d is not between 16 and 2^31", c.MaxArguments)
	check(c.WriteTimeout > 0, "write timeout: %v is not positive", c.WriteTimeout)
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	c.Version = cmp.Or(c.Version, "dev")
	if c.Users == nil {
		c.Users = NewUsers(c.Password)
	}
	c.MostClients = cmp.Or(c.MostClients, limits.ClientCount.Most)
	c.MaxArguments = cmp.Or(c.MaxArguments, DefaultMaxArguments)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, time.Minute)
	c.Grace = cmp.Or(c.Grace, 2*time.Second)
	c.WarnValueSize = cmp.Or(c.WarnValueSize, 5<<20)
	if c.Slowlog == nil {
		c.Slowlog = defaultSlowlog()
	}
	c.setDefaults()
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

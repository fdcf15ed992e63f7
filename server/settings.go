package server

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/introspect"
	"github.com/quorate/quorate/server/limits"
)

// Setting is a row of the table of the numbers of a client port that CONFIG SET changes. The
// field of [Config] gives the value at the start. The flags of the process, their
// variables and lines of the settings file, CONFIG and the check of a Config follow from
// the row.
type Setting struct {
	Name     string
	Help     string
	Fallback int64 // default
	Within   number.Range[int64]
	Unit     limits.Unit // how it is written

	field func(*Config) *int64        // value at the start
	live  func(*Server) *atomic.Int64 // value in force
}

// Field returns the field of a configuration that has the setting's value at the start.
func (s Setting) Field(c *Config) *int64 { return s.field(c) }

// Settings returns the table.
func Settings() []Setting { return slices.Clone(settings) }

var settings = []Setting{
	{
		Name: "maxclients", Fallback: 10_000, Within: limits.ClientCount,
		Help:  "Client connections at once. Lowered to what the limit of open files allows.",
		field: func(c *Config) *int64 { return &c.MaxClients },
		live:  func(s *Server) *atomic.Int64 { return &s.limits.Clients },
	},
	{
		Name: "timeout", Within: number.Range[int64]{Most: int64((1<<31 - 1) * time.Second)}, Unit: limits.Nanoseconds,
		Help:  "Close a client connection that has been idle for this long; 0: never.",
		field: func(c *Config) *int64 { return (*int64)(&c.IdleTimeout) },
		live:  func(s *Server) *atomic.Int64 { return &s.limits.Idle },
	},
	{
		Name: "proto-max-bulk-len", Fallback: limits.BulkBytes.Most, Within: limits.BulkBytes, Unit: limits.Bytes,
		Help:  "The longest key or value. The node that takes a write has the value twice in memory.",
		field: func(c *Config) *int64 { return &c.ProtoMaxBulkLen },
		live:  func(s *Server) *atomic.Int64 { return &s.limits.Protocol.BulkBytes },
	},
	{
		Name: "client-buffer-limit", Fallback: 1 << 30, Within: limits.BufferedBytes, Unit: limits.Bytes,
		Help:  "Bytes that one client can make a node buffer.",
		field: func(c *Config) *int64 { return &c.InputLimit },
		live:  func(s *Server) *atomic.Int64 { return &s.limits.Input },
	},
	{
		Name: "total-buffer-limit", Fallback: 2 << 30, Within: limits.BufferedBytes, Unit: limits.Bytes,
		Help:  "Bytes that all clients together can make a node buffer.",
		field: func(c *Config) *int64 { return &c.BufferedLimit },
		live:  func(s *Server) *atomic.Int64 { return &s.limits.Buffered },
	},
	{
		Name: "client-reply-buffer-limit", Fallback: 64 << 20, Within: limits.BufferedBytes, Unit: limits.Bytes,
		Help:  "Bytes of replies that may wait for one client to read them.",
		field: func(c *Config) *int64 { return &c.OutputLimit },
		live:  func(s *Server) *atomic.Int64 { return &s.limits.Output },
	},
	{
		Name: "slowlog-log-slower-than", Fallback: 10_000, Within: number.Range[int64]{Least: -1, Most: math.MaxInt64},
		Help:  "Microseconds from which on a command is recorded in SLOWLOG; -1: none.",
		field: func(c *Config) *int64 { return &c.Slowlog.SlowerThanMicros },
		live:  func(s *Server) *atomic.Int64 { return &s.slowlog.Threshold },
	},
	{
		Name: "slowlog-max-len", Fallback: 128, Within: limits.SlowlogEntries,
		Help:  "Commands that SLOWLOG keeps.",
		field: func(c *Config) *int64 { return &c.Slowlog.Entries },
		live:  func(s *Server) *atomic.Int64 { return &s.slowlog.Entries },
	},
	{
		Name: "latency-monitor-threshold", Within: number.Range[int64]{Most: math.MaxInt64},
		Help:  "Milliseconds from which on LATENCY records a slow command; 0: none.",
		field: func(c *Config) *int64 { return &c.LatencyThresholdMillis },
		live:  func(s *Server) *atomic.Int64 { return &s.latency.Threshold },
	},
}

// setDefaults gives each setting its default where the field is 0 and 0 is out of its
// bounds. Slowlog has been set.
func (c *Config) setDefaults() {
	for _, row := range settings {
		if field := row.field(c); *field == 0 && !row.Within.Holds(0) {
			*field = row.Fallback
		}
	}
}

// defaultSlowlog returns the defaults of the slow log.
func defaultSlowlog() *SlowlogConfig {
	c := Config{Slowlog: new(SlowlogConfig)}
	for _, row := range settings {
		*row.field(&c) = row.Fallback
	}
	return c.Slowlog
}

// numbers puts the values of the start into force, and returns what CONFIG shows and
// changes.
func (s *Server) numbers() []introspect.Number {
	all := make([]introspect.Number, len(settings))
	for i, row := range settings {
		value := row.live(s)
		value.Store(*row.field(&s.cfg))
		all[i] = introspect.Number{Name: row.Name, Value: value, Within: row.Within, Unit: row.Unit}
		if value == &s.limits.Clients {
			all[i].Within.Most = s.cfg.MostClients
		}
	}
	return all
}

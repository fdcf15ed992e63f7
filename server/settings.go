package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/server/resp"
)

// settings is what CONFIG GET and CONFIG SET work on.
type settings struct {
	server *Server
	secret atomic.Pointer[string]
	byName map[string]setting
	mu     struct {
		sync.Mutex
		changed map[string]bool // by CONFIG SET, since the start
	}
}

// setting is one name of CONFIG.
type setting struct {
	get func() string
	// set checks a value and returns what puts it into force; nil: immutable.
	set func(value string) (apply func(), err error)
}

func (c *settings) password() string { return *c.secret.Load() }
func (c *settings) openToAll() bool  { return c.password() == "" }

func newSettings(s *Server) *settings {
	c := &settings{server: s}
	c.secret.Store(&s.cfg.Password)
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	c.byName = map[string]setting{
		"n":                         {get: func() string { return strconv.Itoa(s.store.Ring().Configured().N) }},
		"r":                         {get: func() string { return strconv.Itoa(s.store.Ring().Configured().R) }},
		"w":                         {get: func() string { return strconv.Itoa(s.store.Ring().Configured().W) }},
		"conflict-resolution":       {get: func() string { return s.store.Policy().String() }, set: c.setPolicy},
		"requirepass":               {get: c.hiddenPassword, set: c.setPassword},
		"proto-max-bulk-len":        memorySetting(&s.limits.protocol.BulkBytes, 1<<20, maxBulk),
		"client-buffer-limit":       memorySetting(&s.limits.input, inputKept, maxBuffered),
		"client-reply-buffer-limit": memorySetting(&s.limits.output, resp.FlushBytes, maxBuffered),
		"total-buffer-limit":        memorySetting(&s.limits.buffered, inputKept, maxBuffered),
		"maxclients":                numberSetting(&s.limits.clients, 1, 1, 1<<20),
		"timeout":                   numberSetting(&s.limits.idle, int64(time.Second), 0, 1<<31-1),
		"slowlog-log-slower-than":   numberSetting(&s.slowlog.threshold, 1, -1, math.MaxInt64),
		"slowlog-max-len":           numberSetting(&s.slowlog.most, 1, 0, slowLogMost),
		"latency-monitor-threshold": numberSetting(&s.latency.threshold, 1, 0, math.MaxInt64),
		"cluster-enabled":           fixed(yesNo(!s.cfg.Standalone)),
		"port":                      fixed(port),
		"bind":                      fixed(host),
	}
	// What clients probe, or tools print. The values are those of a Redis that
	// behaves as quorate does.
	for name, value := range map[string]string{
		"appendfsync": "always", "appendonly": "yes", "databases": "1", "dbfilename": "",
		"dir": "", "io-threads": "1", "lfu-decay-time": "1", "maxmemory": "0",
		"maxmemory-policy": "noeviction", "maxmemory-samples": "5", "notify-keyspace-events": "",
		"replica-read-only": "no", "save": "",
		"tcp-keepalive": "15", "tls-port": "0",
	} {
		c.byName[name] = fixed(value)
	}
	for name, value := range s.cfg.Settings {
		c.byName[name] = fixed(value)
	}
	return c
}

func fixed(value string) setting { return setting{get: func() string { return value }} }

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// hiddenPassword tells whether there is one.
func (c *settings) hiddenPassword() string {
	if c.openToAll() {
		return ""
	}
	return "*****"
}

func (c *settings) setPassword(value string) (func(), error) {
	return func() { c.secret.Store(&value) }, nil
}

func (c *settings) setPolicy(value string) (func(), error) {
	policy, err := register.ParsePolicy(strings.ToLower(value))
	if err != nil {
		return nil, errors.New("argument(s) must be one of the following: lww, merge, error")
	}
	return func() { c.server.store.SetPolicy(policy) }, nil
}

// numberSetting is a number between least and most, kept in units.
func numberSetting(n *atomic.Int64, unit, least, most int64) setting {
	return setting{
		get: func() string { return strconv.FormatInt(n.Load()/unit, 10) },
		set: func(value string) (func(), error) {
			v, ok := resp.ParseInt([]byte(value))
			if !ok {
				return nil, errors.New("argument couldn't be parsed into an integer")
			}
			if v < least || v > most {
				return nil, fmt.Errorf("argument must be between %d and %d inclusive", least, most)
			}
			return func() { n.Store(v * unit) }, nil
		},
	}
}

// The most that limits may be set to: no value is longer than an update makes it
// or a peer's frame holds, and no sum of lengths overflows.
const (
	maxBulk     = register.MaxValue
	maxBuffered = 1 << 40
)

// memorySetting is a number of bytes, with or without a suffix such as mb.
func memorySetting(n *atomic.Int64, least, most int64) setting {
	return setting{
		get: func() string { return strconv.FormatInt(n.Load(), 10) },
		set: func(value string) (func(), error) {
			v, ok := parseMemory(value)
			if !ok {
				return nil, errors.New("argument must be a memory value")
			}
			if v < least || v > most {
				return nil, fmt.Errorf("argument must be between %d and %d inclusive", least, most)
			}
			return func() { n.Store(v) }, nil
		},
	}
}

// parseMemory reads "512mb" and its like: k, m and g are powers of ten, kb, mb
// and gb of two.
func parseMemory(value string) (int64, bool) {
	digits := strings.TrimRight(strings.ToLower(value), "bkmg")
	n, ok := resp.ParseInt([]byte(digits))
	unit := map[string]int64{
		"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30,
	}[strings.ToLower(value[len(digits):])]
	if !ok || unit == 0 || n < 0 || n > (1<<62)/unit {
		return 0, false
	}
	return n * unit, true
}

// runConfigGet serves CONFIG GET glob …. A name is told as the client wrote it.
func runConfigGet(_ context.Context, s *session, _ *command, args [][]byte) {
	all := s.server.settings.byName
	names := slices.Sorted(maps.Keys(all))
	found := make(map[string]string)
	for _, arg := range args[2:] {
		pattern := strings.ToLower(string(arg))
		if _, exact := all[pattern]; exact {
			found[pattern] = string(arg)
			continue
		}
		for _, name := range names {
			if _, have := found[name]; !have && glob.Match([]byte(pattern), []byte(name)) {
				found[name] = name
			}
		}
	}
	s.out.Map(len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		s.out.Text(found[name])
		s.out.Text(all[name].get())
	}
}

// runConfigSet serves CONFIG SET name value …: all of it or nothing.
func runConfigSet(ctx context.Context, s *session, _ *command, args [][]byte) {
	if len(args)%2 != 0 {
		s.out.Error(textSyntax)
		return
	}
	var change configChange
	for i := 2; i < len(args); i += 2 {
		if refusal := change.add(s.server, strings.ToLower(string(args[i])), string(args[i+1])); refusal != "" {
			s.out.Error(refusal)
			return
		}
	}
	if change.quorums != nil {
		q := s.server.store.Ring().Configured()
		n, r, w := change.quorum("n", q.N), change.quorum("r", q.R), change.quorum("w", q.W)
		if err := s.server.store.SetQuorums(ctx, n, r, w); err != nil {
			s.out.Error(configFailure(change.first, err))
			return
		}
	}
	for _, apply := range change.apply {
		apply()
	}
	s.server.settings.note(change.names)
	s.server.cfg.Logger.Info("settings changed by a client", "names", change.names)
	s.out.OK()
}

// configChange is one CONFIG SET, checked before any of it is put into force.
// The quorums are one change, and the only one that can fail when it is made:
// it goes first.
type configChange struct {
	names   []string
	apply   []func()
	quorums map[string]int
	first   string // name of a quorum, for the error
}

func (c *configChange) add(s *Server, name, value string) (refusal string) {
	setting, known := s.settings.byName[name]
	if !known {
		return "ERR Unknown option or number of arguments for CONFIG SET - '" + name + "'"
	}
	if slices.Contains(c.names, name) {
		return configFailure(name, errors.New("duplicate parameter"))
	}
	c.names = append(c.names, name)
	if name == "n" || name == "r" || name == "w" {
		n, ok := resp.ParseInt([]byte(value))
		if !ok || n < 1 || n > 1<<10 {
			return configFailure(name, errors.New("argument must be a positive integer"))
		}
		if c.quorums == nil {
			c.quorums, c.first = map[string]int{}, name
		}
		c.quorums[name] = int(n)
		return ""
	}
	if setting.set == nil {
		return configFailure(name, errors.New("can't set immutable config"))
	}
	apply, err := setting.set(value)
	if err != nil {
		return configFailure(name, err)
	}
	c.apply = append(c.apply, apply)
	return ""
}

func (c *configChange) quorum(name string, now int) int {
	if n, changed := c.quorums[name]; changed {
		return n
	}
	return now
}

func configFailure(name string, err error) string {
	return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + err.Error()
}

func runConfigResetStat(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.server.counters.reset()
	s.server.tally.reset()
	s.out.OK()
}

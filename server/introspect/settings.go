package introspect

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// SettingsConfig has what the settings show and change.
type SettingsConfig struct {
	Store      command.Cluster
	Users      *auth.Users
	Numbers    []Number // of this node
	Standalone bool
	Addr       net.Addr          // of the client port
	Fixed      map[string]string // shown by CONFIG GET and not changed: facts that other parts of the node know
}

// Settings holds what CONFIG GET shows and CONFIG SET changes. Make it with
// [NewSettings].
type Settings struct {
	cfg    SettingsConfig
	port   string
	byName map[string]setting

	changing sync.Mutex // held during a CONFIG SET
	mu       struct {
		sync.Mutex
		changed map[string]bool // by CONFIG SET, since the start
	}
}

// setting is one name of CONFIG.
type setting struct {
	get func() string
	// set checks a value and returns the function that puts it into force on this node.
	set func(value string) (apply func(), err error)
	// share does the same for a setting of the whole cluster, which has to be saved.
	share func(value string) (apply func(context.Context) error, err error)
	// size holds the value of a setting that is a number of bytes, and parse reads one.
	size  *atomic.Int64
	parse func(value string) (int64, error)
	// A setting with neither set nor share is immutable, unless it is a quorum.
}

// NewSettings assembles the table.
func NewSettings(cfg SettingsConfig) *Settings {
	c := &Settings{cfg: cfg}
	quorum := func(pick func(ring.Quorums) int) setting {
		return setting{get: func() string { return strconv.Itoa(pick(cfg.Store.Ring().Configured())) }}
	}
	host, port, _ := net.SplitHostPort(cfg.Addr.String())
	c.port = port
	c.byName = map[string]setting{
		"n":                   quorum(func(q ring.Quorums) int { return q.N }),
		"r":                   quorum(func(q ring.Quorums) int { return q.R }),
		"w":                   quorum(func(q ring.Quorums) int { return q.W }),
		"conflict-resolution": {get: func() string { return cfg.Store.Policy().String() }, share: c.sharePolicy},
		"requirepass":         {get: c.hiddenPassword, set: c.setPassword},
		"cluster-enabled":     fixed(yesNo(!cfg.Standalone)),
		"port":                fixed(port),
		"bind":                fixed(host),
	}
	for _, n := range cfg.Numbers {
		c.byName[n.Name] = n.setting()
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
	for name, value := range cfg.Fixed {
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

// hiddenPassword returns asterisks if there is a password, and never the password.
func (c *Settings) hiddenPassword() string {
	if c.cfg.Users.Open() {
		return ""
	}
	return "*****"
}

func (c *Settings) setPassword(value string) (func(), error) {
	if err := c.cfg.Users.Validate(value); err != nil {
		return nil, err
	}
	return func() { c.cfg.Users.SetPassword(value) }, nil
}

// namesPassword reports whether a CONFIG SET sets the password.
func namesPassword(args [][]byte) bool {
	return slices.ContainsFunc(args, func(arg []byte) bool { return resp.Is(arg, "REQUIREPASS") })
}

func (c *Settings) sharePolicy(value string) (func(context.Context) error, error) {
	policy, err := register.ParsePolicy(strings.ToLower(value))
	if err != nil {
		return nil, errors.New("argument(s) must be one of the following: lww, merge, error")
	}
	return func(ctx context.Context) error { return c.cfg.Store.SetPolicy(ctx, policy) }, nil
}

// note adds the names that CONFIG REWRITE has to write. Settings of the cluster are not
// among them: the cluster saves those itself.
func (c *Settings) note(names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.changed == nil {
		c.mu.changed = make(map[string]bool)
	}
	for _, name := range names {
		if !isQuorum(name) && c.byName[name].share == nil {
			c.mu.changed[name] = true
		}
	}
}

// changes returns the present values of the settings that CONFIG SET has changed
// since the start.
func (c *Settings) changes() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	values := make(map[string]string, len(c.mu.changed))
	for name := range c.mu.changed {
		values[name] = c.byName[name].get()
	}
	if c.mu.changed["requirepass"] {
		values["requirepass"] = c.cfg.Users.Password() // not as it is shown
	}
	return values
}

func isQuorum(name string) bool { return name == "n" || name == "r" || name == "w" }

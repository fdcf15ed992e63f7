package introspect

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/limits"
)

// runConfigGet serves CONFIG GET glob …. It answers with the name as the client wrote it.
func (f *Family) runConfigGet(_ context.Context, c *command.Call) {
	all := f.Settings.byName
	names := slices.Sorted(maps.Keys(all))
	found := make(map[string]string)
	for _, arg := range c.Args[2:] {
		pattern := strings.ToLower(string(arg))
		if _, exact := all[pattern]; exact {
			found[pattern] = string(arg)
			continue
		}
		for _, name := range names {
			if _, have := found[name]; !have && glob.Pattern(pattern).Match([]byte(name)) {
				found[name] = name
			}
		}
	}
	c.Out.Map(len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		c.Out.Text(found[name])
		c.Out.Text(all[name].get())
	}
}

// runConfigSet serves CONFIG SET name value …. It changes all the settings or none.
func (f *Family) runConfigSet(ctx context.Context, c *command.Call) {
	if len(c.Args)%2 != 0 {
		c.Out.Error(command.TextSyntax)
		return
	}
	f.Settings.changing.Lock() // so that the relations hold for what is set at once
	defer f.Settings.changing.Unlock()
	var change configChange
	for i := 2; i < len(c.Args); i += 2 {
		if refusal := change.add(f.Settings, strings.ToLower(string(c.Args[i])), string(c.Args[i+1])); refusal != "" {
			c.Out.Error(refusal)
			return
		}
	}
	if refusal := change.checkRelations(f.Settings); refusal != "" {
		c.Out.Error(refusal)
		return
	}
	if change.quorums != nil {
		q := c.Node.Store.Ring().Configured()
		wanted := quorum.NRW{N: change.quorum("n", q.N), R: change.quorum("r", q.R), W: change.quorum("w", q.W)}
		if err := c.Node.Store.SetQuorums(ctx, wanted); err != nil {
			c.Out.Error(configFailure(change.first, err))
			return
		}
	}
	for _, s := range change.share {
		if err := s.apply(ctx); err != nil {
			c.Out.Error(configFailure(s.name, err))
			return
		}
	}
	for _, apply := range change.apply {
		apply()
	}
	f.Settings.note(change.names)
	c.Node.Logger.Info("settings changed by a client", "names", change.names)
	c.Out.OK()
}

// configChange is one CONFIG SET. All of it is checked before any of it is put into
// force. Settings of the whole cluster go first, because saving them can fail. N, R and W
// are changed together.
type configChange struct {
	names   []string
	apply   []func()
	share   []sharedChange
	quorums map[string]int
	sizes   map[string]int64 // in bytes, for the relations between settings
	first   string           // name of a quorum, for the error
}

// sharedChange is a change of one setting of the whole cluster.
type sharedChange struct {
	name  string
	apply func(context.Context) error
}

func (c *configChange) add(settings *Settings, name, value string) (refusal string) {
	setting, known := settings.byName[name]
	if !known {
		return "ERR Unknown option or number of arguments for CONFIG SET - '" + name + "'"
	}
	if slices.Contains(c.names, name) {
		return configFailure(name, errors.New("duplicate parameter"))
	}
	c.names = append(c.names, name)
	if isQuorum(name) {
		n, ok := number.ParseInt([]byte(value))
		if !ok || n < 1 || n > 1<<10 {
			return configFailure(name, errors.New("argument must be a positive integer"))
		}
		if c.quorums == nil {
			c.quorums, c.first = map[string]int{}, name
		}
		c.quorums[name] = int(n)
		return ""
	}
	var err error
	switch {
	case setting.set != nil:
		var apply func()
		apply, err = setting.set(value)
		c.apply = append(c.apply, apply)
		if setting.parse != nil && err == nil {
			if c.sizes == nil {
				c.sizes = make(map[string]int64)
			}
			c.sizes[name], err = setting.parse(value)
		}
	case setting.share != nil:
		shared := sharedChange{name: name}
		shared.apply, err = setting.share(value)
		c.share = append(c.share, shared)
	default:
		err = errors.New("can't set immutable config")
	}
	if err != nil {
		return configFailure(name, err)
	}
	return ""
}

// checkRelations refuses a change after which two settings would not agree, as the start
// of the process does.
func (c *configChange) checkRelations(settings *Settings) (refusal string) {
	size := func(name string) int64 {
		if v, changed := c.sizes[name]; changed {
			return v
		}
		return settings.byName[name].size.Load()
	}
	for _, name := range c.names {
		for _, r := range limits.Relations {
			if name != r.Name && name != r.Other {
				continue
			}
			if err := r.Check("", size); err != nil {
				return configFailure(name, err)
			}
		}
	}
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

func (f *Family) runConfigResetStat(_ context.Context, c *command.Call) {
	f.Counters.reset()
	f.Errors.reset()
	c.Out.OK()
}

func (f *Family) runConfigRewrite(_ context.Context, c *command.Call) {
	if f.Rewrite == nil {
		c.Out.Error("ERR The server is running without a config file")
		return
	}
	if err := f.Rewrite(f.Settings.changes()); err != nil {
		c.Node.Logger.Warn("settings file cannot be rewritten", "err", err)
		c.Out.Error("ERR Rewriting config file: " + err.Error())
		return
	}
	c.Out.OK()
}

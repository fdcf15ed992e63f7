package server

import (
	"context"
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/server/resp"
)

// COMMAND and its subcommands, all from the table.

func runCommand(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Array(len(s.server.table.list))
	for _, c := range s.server.table.list {
		s.replyCommandInfo(c)
	}
}

func runCommandCount(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Int(int64(len(s.server.table.list)))
}

func runCommandInfo(ctx context.Context, s *session, c *command, args [][]byte) {
	if len(args) == 2 {
		runCommand(ctx, s, c, args)
		return
	}
	s.out.Array(len(args) - 2)
	for _, name := range args[2:] {
		if c := s.server.table.findFull(name); c != nil {
			s.replyCommandInfo(c)
			continue
		}
		s.out.Null()
	}
}

// replyCommandInfo writes the tuple of ten that cluster clients find keys with.
func (s *session) replyCommandInfo(c *command) {
	s.out.Array(10)
	s.out.Text(c.full)
	s.out.Int(int64(c.arity))
	s.out.Statuses(c.flags)
	s.out.Int(int64(c.first))
	s.out.Int(int64(c.last))
	s.out.Int(int64(c.step))
	s.out.Statuses(c.acl)
	s.replyTips(c.tips)
	s.replyKeySpecs(c)
	if len(c.subcommands) == 0 {
		s.out.Set(0)
		return
	}
	s.out.Array(len(c.subcommands))
	for i := range c.subcommands {
		s.replyCommandInfo(&c.subcommands[i])
	}
}

func (s *session) replyTips(tips string) {
	if tips == "" {
		s.out.Set(0)
		return
	}
	list := strings.Split(tips, ",")
	s.out.Set(len(list))
	for _, tip := range list {
		s.out.Text(tip)
	}
}

// replyKeySpecs writes where the keys are in Redis 7's newer form: one range of
// keys that are all treated alike, or several keys that are not.
func (s *session) replyKeySpecs(c *command) {
	if c.first == 0 {
		s.out.Set(0)
		return
	}
	kinds := strings.Split(c.access, ";")
	s.out.Set(len(kinds))
	last := c.last
	switch {
	case last > 0 && len(kinds) > 1:
		last = 0
	case last > 0:
		last -= c.first
	}
	for i, flags := range kinds {
		s.replyKeySpec(c, flags, c.first+i, last)
	}
}

// replyKeySpec writes one specification; last is relative to first, or to the
// end if negative.
func (s *session) replyKeySpec(c *command, flags string, first, last int) {
	if c.notes != "" {
		s.out.Map(4)
		s.out.Text("notes")
		s.out.Text(c.notes)
	} else {
		s.out.Map(3)
	}
	s.out.Text("flags")
	s.out.Statuses(flags)
	s.out.Text("begin_search")
	s.out.Map(2)
	s.out.Text("type")
	s.out.Text("index")
	s.out.Text("spec")
	s.out.Map(1)
	s.out.Text("index")
	s.out.Int(int64(first))
	s.out.Text("find_keys")
	s.out.Map(2)
	s.out.Text("type")
	s.out.Text("range")
	s.out.Text("spec")
	s.out.Map(3)
	s.out.Text("lastkey")
	s.out.Int(int64(last))
	s.out.Text("keystep")
	s.out.Int(int64(c.step))
	s.out.Text("limit")
	s.out.Int(0)
}

// runCommandDocs serves COMMAND DOCS [name …]: unknown names are left out.
func runCommandDocs(_ context.Context, s *session, _ *command, args [][]byte) {
	list := s.server.table.list
	if len(args) > 2 {
		list = nil
		for _, name := range args[2:] {
			if c := s.server.table.findFull(name); c != nil {
				list = append(list, c)
			}
		}
	}
	s.out.Map(len(list))
	for _, c := range list {
		s.replyDocs(c)
	}
}

func (s *session) replyDocs(c *command) {
	fields := [][2]string{{"summary", c.summary}, {"since", c.since}, {"group", c.group}, {"complexity", c.complexity}}
	fields = slices.DeleteFunc(fields, func(f [2]string) bool { return f[1] == "" })
	n := len(fields)
	if len(c.subcommands) > 0 {
		n++
	}
	s.out.Text(c.full)
	s.out.Map(n)
	for _, f := range fields {
		s.out.Text(f[0])
		s.out.Text(f[1])
	}
	if len(c.subcommands) > 0 {
		s.out.Text("subcommands")
		s.out.Map(len(c.subcommands))
		for i := range c.subcommands {
			s.replyDocs(&c.subcommands[i])
		}
	}
}

// runCommandList serves COMMAND LIST [FILTERBY MODULE m | ACLCAT c | PATTERN glob].
func runCommandList(_ context.Context, s *session, _ *command, args [][]byte) {
	keep := func(*command) bool { return true }
	if len(args) > 2 {
		if len(args) != 5 || !resp.Is(args[2], "FILTERBY") {
			s.out.Error(textSyntax)
			return
		}
		value := string(args[4])
		switch {
		case resp.Is(args[3], "MODULE"):
			keep = func(*command) bool { return false }
		case resp.Is(args[3], "ACLCAT"):
			keep = func(c *command) bool {
				return slices.Contains(strings.Fields(c.acl), "@"+strings.ToLower(value))
			}
		case resp.Is(args[3], "PATTERN"):
			keep = func(c *command) bool { return glob.Match(resp.AppendLower(nil, []byte(value)), []byte(c.full)) }
		default:
			s.out.Error(textSyntax)
			return
		}
	}
	var names []string
	for _, c := range s.server.table.counted {
		if isSub := strings.Contains(c.full, "|"); keep(c) && (len(args) > 2 || !isSub) {
			names = append(names, c.full)
		}
	}
	s.out.Array(len(names))
	for _, name := range names {
		s.out.Text(name)
	}
}

// keysOf finds the command in args and the places of its keys, or the reason
// why there are none.
func (t *table) keysOf(args [][]byte) (c *command, at []int, refusal string) {
	c = t.find(args[0])
	if c != nil && len(c.subcommands) > 0 && len(args) > 1 {
		if sub := t.findSub(c, args[1]); sub != nil {
			c = sub
		}
	}
	switch {
	case c == nil:
		return nil, nil, "ERR Invalid command specified"
	case c.first == 0:
		return nil, nil, "ERR The command has no key arguments"
	case !c.fits(len(args)):
		return nil, nil, "ERR Invalid number of arguments specified for command"
	}
	last := c.last
	if last < 0 {
		last += len(args)
	}
	for i := c.first; i <= last; i += c.step {
		at = append(at, i)
	}
	return c, at, ""
}

// runCommandGetKeys serves COMMAND GETKEYS command arg ….
func runCommandGetKeys(_ context.Context, s *session, _ *command, args [][]byte) {
	args = args[2:]
	_, keys, refusal := s.server.table.keysOf(args)
	if refusal != "" {
		s.out.Error(refusal)
		return
	}
	s.out.Array(len(keys))
	for _, at := range keys {
		s.out.Bulk(args[at])
	}
}

// runCommandGetKeysAndFlags serves COMMAND GETKEYSANDFLAGS command arg ….
func runCommandGetKeysAndFlags(_ context.Context, s *session, _ *command, args [][]byte) {
	args = args[2:]
	c, keys, refusal := s.server.table.keysOf(args)
	if refusal != "" {
		s.out.Error(refusal)
		return
	}
	kinds := strings.Split(c.access, ";")
	s.out.Array(len(keys))
	for i, at := range keys {
		s.out.Array(2)
		s.out.Bulk(args[at])
		s.out.Statuses(accessOf(kinds[min(i, len(kinds)-1)], args))
	}
}

// accessOf is what a command does to its key, where that depends on options: SET
// reads only if it is to GET.
func accessOf(flags string, args [][]byte) string {
	flags, variable := strings.CutSuffix(flags, " variable_flags")
	if variable && !slices.ContainsFunc(args[min(3, len(args)):], func(arg []byte) bool { return resp.Is(arg, "GET") }) {
		return "OW update"
	}
	return flags
}

package introspect

import (
	"context"
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// The handlers of COMMAND and its subcommands show the table of commands.

func runCommand(_ context.Context, c *command.Call) {
	c.Out.Array(len(c.Node.Table.Top()))
	for _, r := range c.Node.Table.Top() {
		replyCommandInfo(c, r)
	}
}

func runCommandCount(_ context.Context, c *command.Call) {
	c.Out.Int(int64(len(c.Node.Table.Top())))
}

func runCommandInfo(ctx context.Context, c *command.Call) {
	if len(c.Args) == 2 {
		runCommand(ctx, c)
		return
	}
	c.Out.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if r := c.Node.Table.FindFull(name); r != nil {
			replyCommandInfo(c, r)
			continue
		}
		c.Out.Null()
	}
}

// replyCommandInfo writes the ten fields of a command, by which cluster clients find its
// keys.
func replyCommandInfo(c *command.Call, r *command.Row) {
	c.Out.Array(10)
	c.Out.Text(r.Full())
	c.Out.Int(int64(r.Arity))
	c.Out.Statuses(r.Flags)
	c.Out.Int(int64(r.Keys.First))
	c.Out.Int(int64(r.Keys.Last))
	c.Out.Int(int64(r.Keys.Step))
	c.Out.Statuses(r.Categories)
	replyTips(c, r.Tips)
	replyKeySpecs(c, r)
	if len(r.Subcommands) == 0 {
		c.Out.Set(0)
		return
	}
	c.Out.Array(len(r.Subcommands))
	for i := range r.Subcommands {
		replyCommandInfo(c, &r.Subcommands[i])
	}
}

func replyTips(c *command.Call, tips string) {
	if tips == "" {
		c.Out.Set(0)
		return
	}
	list := strings.Split(tips, ",")
	c.Out.Set(len(list))
	for _, tip := range list {
		c.Out.Text(tip)
	}
}

// replyKeySpecs writes where the keys are, in the form of Redis 7: one range of keys with
// the same flags, or several keys with flags of their own, or a number and as many keys, or
// keys that stand anywhere.
func replyKeySpecs(c *command.Call, r *command.Row) {
	if r.Keys.First == 0 && r.Keys.Counted == 0 {
		c.Out.Set(0)
		return
	}
	kinds := strings.Split(r.Keys.Access, ";")
	c.Out.Set(len(kinds))
	last := r.Keys.Last
	switch {
	case last > 0 && len(kinds) > 1:
		last = 0
	case last > 0:
		last -= r.Keys.First
	}
	for i, flags := range kinds {
		if r.Keys.Named != nil && i == len(kinds)-1 {
			replyNamedKeys(c, flags)
			break
		}
		if r.Keys.Counted > 0 && i == len(kinds)-1 {
			replyKeySpec(c, r.Keys, flags, r.Keys.Counted, replyCountedKeys)
			break
		}
		end := last
		if i < len(kinds)-1 {
			end = 0 // all keys from the last kind on are of that kind
		}
		replyKeySpec(c, r.Keys, flags, r.Keys.First+i, func(c *command.Call) { replyKeyRange(c, r.Keys.Step, end) })
	}
}

// replyKeySpec writes one specification: where its keys begin, and how to find them from
// there.
func replyKeySpec(c *command.Call, keys command.Keys, flags string, first int, find func(*command.Call)) {
	if keys.Notes != "" {
		c.Out.Map(4)
		c.Out.Text("notes")
		c.Out.Text(keys.Notes)
	} else {
		c.Out.Map(3)
	}
	c.Out.Text("flags")
	c.Out.Statuses(flags)
	c.Out.Text("begin_search")
	c.Out.Map(2)
	c.Out.Text("type")
	c.Out.Text("index")
	c.Out.Text("spec")
	c.Out.Map(1)
	c.Out.Text("index")
	c.Out.Int(int64(first))
	c.Out.Text("find_keys")
	c.Out.Map(2)
	c.Out.Text("type")
	find(c)
}

// replyKeyRange writes how to find a range of keys; last is relative to the first key, or to
// the end if negative.
func replyKeyRange(c *command.Call, step, last int) {
	c.Out.Text("range")
	c.Out.Text("spec")
	c.Out.Map(3)
	c.Out.Text("lastkey")
	c.Out.Int(int64(last))
	c.Out.Text("keystep")
	c.Out.Int(int64(step))
	c.Out.Text("limit")
	c.Out.Int(0)
}

// replyCountedKeys writes how to find keys behind their number.
func replyCountedKeys(c *command.Call) {
	c.Out.Text("keynum")
	c.Out.Text("spec")
	c.Out.Map(3)
	c.Out.Text("keynumidx")
	c.Out.Int(0)
	c.Out.Text("firstkey")
	c.Out.Int(1)
	c.Out.Text("keystep")
	c.Out.Int(1)
}

// replyNamedKeys writes the specification of keys of which only the command knows the places.
func replyNamedKeys(c *command.Call, flags string) {
	c.Out.Map(3)
	c.Out.Text("flags")
	c.Out.Statuses(flags)
	for _, step := range []string{"begin_search", "find_keys"} {
		c.Out.Text(step)
		c.Out.Map(2)
		c.Out.Text("type")
		c.Out.Text("unknown")
		c.Out.Text("spec")
		c.Out.Map(0)
	}
}

// runCommandDocs serves COMMAND DOCS [name …]. It leaves out unknown names.
func runCommandDocs(_ context.Context, c *command.Call) {
	list := c.Node.Table.Top()
	if len(c.Args) > 2 {
		list = nil
		for _, name := range c.Args[2:] {
			if r := c.Node.Table.FindFull(name); r != nil {
				list = append(list, r)
			}
		}
	}
	c.Out.Map(len(list))
	for _, r := range list {
		replyDocs(c, r)
	}
}

func replyDocs(c *command.Call, r *command.Row) {
	fields := [][2]string{{"summary", r.Summary}, {"since", r.Since}, {"group", r.Group}, {"complexity", r.Complexity}}
	fields = slices.DeleteFunc(fields, func(f [2]string) bool { return f[1] == "" })
	n := len(fields)
	if len(r.Subcommands) > 0 {
		n++
	}
	c.Out.Text(r.Full())
	c.Out.Map(n)
	for _, f := range fields {
		c.Out.Text(f[0])
		c.Out.Text(f[1])
	}
	if len(r.Subcommands) > 0 {
		c.Out.Text("subcommands")
		c.Out.Map(len(r.Subcommands))
		for i := range r.Subcommands {
			replyDocs(c, &r.Subcommands[i])
		}
	}
}

// runCommandList serves COMMAND LIST [FILTERBY MODULE m | ACLCAT c | PATTERN glob].
func runCommandList(_ context.Context, c *command.Call) {
	keep := func(*command.Row) bool { return true }
	if len(c.Args) > 2 {
		if len(c.Args) != 5 || !resp.Is(c.Args[2], "FILTERBY") {
			c.Out.Error(command.TextSyntax)
			return
		}
		value := strings.ToLower(string(c.Args[4]))
		switch {
		case resp.Is(c.Args[3], "MODULE"):
			keep = func(*command.Row) bool { return false }
		case resp.Is(c.Args[3], "ACLCAT"):
			keep = func(r *command.Row) bool { return r.In(value) }
		case resp.Is(c.Args[3], "PATTERN"):
			keep = func(r *command.Row) bool { return glob.Pattern(value).Match([]byte(r.Full())) }
		default:
			c.Out.Error(command.TextSyntax)
			return
		}
	}
	var names []string
	for _, r := range c.Node.Table.All() {
		if isSub := strings.Contains(r.Full(), "|"); keep(r) && (len(c.Args) > 2 || !isSub) {
			names = append(names, r.Full())
		}
	}
	c.Out.Texts(names)
}

// runCommandGetKeys serves COMMAND GETKEYS command arg ….
func runCommandGetKeys(_ context.Context, c *command.Call) {
	args := c.Args[2:]
	_, keys, refusal := c.Node.Table.KeysOf(args)
	if refusal != "" {
		c.Out.Error(refusal)
		return
	}
	c.Out.Array(len(keys))
	for _, at := range keys {
		c.Out.Bulk(args[at])
	}
}

// runCommandGetKeysAndFlags serves COMMAND GETKEYSANDFLAGS command arg ….
func runCommandGetKeysAndFlags(_ context.Context, c *command.Call) {
	args := c.Args[2:]
	r, keys, refusal := c.Node.Table.KeysOf(args)
	if refusal != "" {
		c.Out.Error(refusal)
		return
	}
	c.Out.Array(len(keys))
	for i, at := range keys {
		c.Out.Array(2)
		c.Out.Bulk(args[at])
		c.Out.Statuses(r.Keys.AccessOf(i, args))
	}
}

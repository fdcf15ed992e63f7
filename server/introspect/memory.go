package introspect

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// Rough sizes of what is stored of a key beside its bytes: the record with its clock, and
// for each sibling its dot.
const (
	keyOverhead     = 48
	siblingOverhead = 24
)

// planMemoryUsage serves MEMORY USAGE key [SAMPLES n]. It estimates the bytes that a
// replica stores for the key and all its siblings.
func planMemoryUsage(c *command.Call) {
	switch len(c.Args) {
	case 3:
	case 5:
		n, ok := number.ParseInt(c.Args[4])
		switch {
		case !resp.Is(c.Args[3], "SAMPLES"), ok && n < 0:
			c.Refuse(command.TextSyntax)
			return
		case !ok:
			c.Refuse(command.TextNotInteger)
			return
		}
	default:
		c.Refuse(command.TextSyntax)
		return
	}
	c.Read(c.Args[2])
	c.Reply = replyMemoryUsage
}

func replyMemoryUsage(c *command.Call) {
	switch sl := c.Requests[0]; {
	case sl.Err != nil:
		c.Fail(sl.Err)
	case !c.Exists(sl):
		c.Out.Null()
	default:
		size := len(sl.Key) + keyOverhead
		for i := range sl.Object.Siblings {
			size += len(sl.Object.Siblings[i].Data) + siblingOverhead
		}
		for i := range sl.Object.Elements {
			size += len(sl.Object.Elements[i].Name) + len(sl.Object.Elements[i].Data) + siblingOverhead
		}
		c.Out.Int(int64(size))
	}
}

// runMemoryStats serves MEMORY STATS with those of Redis's names that have a meaning here.
func runMemoryStats(ctx context.Context, c *command.Call) {
	ctx, cancel := context.WithTimeout(ctx, infoTimeout)
	defer cancel()
	used, total := heap()
	count, _ := c.Node.Store.CountKeys(ctx) // 0 where they cannot be counted
	keys := count.Keys
	buffered := c.Node.Budget.Used()
	share := func(part, whole uint64) float64 { return 100 * float64(part) / float64(max(whole, 1)) }
	numbers := []struct {
		name  string
		value int64
	}{
		{"peak.allocated", int64(total)}, {"total.allocated", int64(used)}, {"startup.allocated", 0}, {"replication.backlog", 0},
		{"clients.slaves", 0}, {"clients.normal", buffered}, {"cluster.links", 0}, {"aof.buffer", 0}, {"lua.caches", 0},
		{"functions.caches", 0}, {"overhead.total", buffered}, {"keys.count", keys},
		{"keys.bytes-per-key", int64(used) / max(keys, 1)}, {"dataset.bytes", max(int64(used)-buffered, 0)},
	}
	c.Out.Map(len(numbers) + 3)
	for _, n := range numbers {
		c.Out.Text(n.name)
		c.Out.Int(n.value)
	}
	for _, n := range []struct {
		name  string
		value float64
	}{
		{"dataset.percentage", share(used-min(used, uint64(buffered)), used)}, {"peak.percentage", share(used, total)},
		{"fragmentation", share(total, used) / 100},
	} {
		c.Out.Text(n.name)
		c.Out.Double(n.value)
	}
}

// runMemoryDoctor serves MEMORY DOCTOR.
func runMemoryDoctor(_ context.Context, c *command.Call) {
	used, total := heap()
	buffered, most := c.Node.Budget.Used(), c.Node.Limits.Buffered.Load()
	text := fmt.Sprintf("%s are in use of %s that the process took. Clients make this node buffer %s of the %s they may.\n",
		human(used), human(total), human(uint64(buffered)), human(uint64(most)))
	switch {
	case buffered > most/2:
		text += "That is much: CLIENT LIST shows who is behind with reading (omem) or sends large commands (qbuf).\n"
	case total > 4*used && total > 1<<30:
		text += "Most of it is free again; MEMORY PURGE gives it back to the system.\n"
	default:
		text += "Memory is no problem.\n"
	}
	c.Out.Verbatim(text)
}

func runMemoryPurge(_ context.Context, c *command.Call) {
	debug.FreeOSMemory()
	c.Out.OK()
}

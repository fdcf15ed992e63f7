package server

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/quorate/quorate/server/resp"
)

// What a key takes beyond its bytes: the store's record and one entry of its
// clock, roughly.
const (
	keyOverhead     = 48
	siblingOverhead = 24
)

// planMemoryUsage serves MEMORY USAGE key [SAMPLES n]: about how many bytes a
// replica has for the key, all its siblings together.
func planMemoryUsage(s *session, e *entry) {
	switch len(e.args) {
	case 3:
	case 5:
		n, ok := resp.ParseInt(e.args[4])
		switch {
		case !resp.Is(e.args[3], "SAMPLES"), ok && n < 0:
			s.refuse(e, textSyntax)
			return
		case !ok:
			s.refuse(e, textNotInteger)
			return
		}
	default:
		s.refuse(e, textSyntax)
		return
	}
	s.read(e, e.args[2])
	e.reply = replyMemoryUsage
}

func replyMemoryUsage(s *session, e *entry) {
	switch sl := e.slots[0]; {
	case sl.Err != nil:
		s.fail(sl.Err)
	case !s.exists(sl):
		s.out.Null()
	default:
		size := len(sl.Key) + keyOverhead
		for i := range sl.Object.Siblings {
			size += len(sl.Object.Siblings[i].Data) + siblingOverhead
		}
		s.out.Int(int64(size))
	}
}

// runMemoryStats serves MEMORY STATS: Redis's names, as far as they mean
// something here.
func runMemoryStats(ctx context.Context, s *session, _ *command, _ [][]byte) {
	ctx, cancel := context.WithTimeout(ctx, infoTimeout)
	defer cancel()
	used, total := heap()
	keys, _ := s.server.store.DBSize(ctx) // 0 where they cannot be counted
	buffered := s.server.budget.used.Load()
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
	s.out.Map(len(numbers) + 3)
	for _, n := range numbers {
		s.out.Text(n.name)
		s.out.Int(n.value)
	}
	for _, n := range []struct {
		name  string
		value float64
	}{
		{"dataset.percentage", share(used-min(used, uint64(buffered)), used)}, {"peak.percentage", share(used, total)},
		{"fragmentation", share(total, used) / 100},
	} {
		s.out.Text(n.name)
		s.out.Double(n.value)
	}
}

// runMemoryDoctor serves MEMORY DOCTOR.
func runMemoryDoctor(_ context.Context, s *session, _ *command, _ [][]byte) {
	used, total := heap()
	buffered, most := s.server.budget.used.Load(), s.server.limits.buffered.Load()
	text := fmt.Sprintf("%s are in use of %s that the process took. Clients make this node buffer %s of the %s they may.\n",
		human(used), human(total), human(uint64(buffered)), human(uint64(most)))
	switch {
	case buffered > most/2:
		text += "That is much: CLIENT LIST shows who is behind with reading (omem) or sends large commands (qbuf).\n"
	case total > 4*used && total > 1<<30:
		text += "Most of it is free again; MEMORY PURGE gives it back to the system.\n"
	default:
		text += "There is nothing to complain of.\n"
	}
	s.out.Verbatim(text)
}

func runMemoryPurge(_ context.Context, s *session, _ *command, _ [][]byte) {
	debug.FreeOSMemory()
	s.out.OK()
}

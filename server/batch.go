package server

import (
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/resp"
)

// Bounds of one batch. It starts small and grows with the client's pipelines,
// but shrinks when values are large: the results of a batch are all in memory at
// once.
const (
	batchStart = 16       // requests
	batchMax   = 1024     // requests
	batchBytes = 16 << 20 // of replies worth having in memory at once
	arenaSpare = 16       // arguments that most commands have at the most
)

// slot is one request and the update that it may carry, kept for reuse.
type slot struct {
	replica.Request
	update register.Update
}

// entry is one command of a batch: its requests, and how to answer once they
// are done.
type entry struct {
	command *command
	args    [][]byte
	slots   []*slot // of this command
	reply   func(*session, *entry)
	refusal string // replyRefusal's text
	silent  bool   // CLIENT REPLY said so

	a, b   int64 // what the plan has for the reply
	failed int64 // 1 once it was answered with an error
}

// batch collects the commands that arrived together, so that one call of the
// store carries out all of them. A session has one while it works, from a pool:
// nothing is allocated in steady state, and an idle connection holds nothing.
type batch struct {
	entries  []entry
	slots    []*slot
	used     int // of slots
	requests []*replica.Request
	arena    [][]byte // arguments of all entries
	replies  []byte   // rendered, lent to the output
}

// borrow gives the session what it works with.
func (s *session) borrow() {
	s.batch = s.server.batches.Get().(*batch)
	s.out.Buf, s.batch.replies = s.batch.replies, nil
}

// giveBack takes it away again, when the replies have been sent.
func (s *session) giveBack() {
	if len(s.batch.slots) > batchMax { // a single command had more keys
		clear(s.batch.slots[batchMax:])
		s.batch.slots = s.batch.slots[:batchMax]
	}
	s.batch.replies, s.out.Buf = s.out.Buf[:0], nil
	s.server.batches.Put(s.batch)
	s.batch = nil
}

// full tells whether the batch should run before more is added.
func (s *session) full() bool {
	return s.batch.used >= s.limit || len(s.batch.entries) >= batchMax
}

// parse cuts one whole command into arguments, which alias it and live until
// reset.
func (b *batch) parse(raw []byte, kind resp.Shape) (args [][]byte, err error) {
	if cap(b.arena)-len(b.arena) < arenaSpare {
		b.arena = make([][]byte, 0, 2*cap(b.arena)+arenaSpare) // older entries keep the old one
	}
	have := len(b.arena)
	args, err = resp.Split(b.arena[have:], raw, kind)
	if err != nil {
		return nil, err
	}
	if have+len(args) <= cap(b.arena) {
		b.arena = b.arena[:have+len(args)]
	} // else there were more than fit, and args have an array of their own
	return args[:len(args):len(args)], nil
}

// add starts the entry of a command. It is valid until the next add.
func (b *batch) add(c *command, args [][]byte) *entry {
	b.entries = append(b.entries, entry{command: c, args: args})
	return &b.entries[len(b.entries)-1]
}

// read adds one request for key to the newest entry, a read until the caller
// makes it an update.
func (b *batch) read(e *entry, key []byte) *slot {
	s := b.take(key)
	e.slots = b.slots[b.used-len(e.slots)-1 : b.used]
	return s
}

// write adds an update of key, which the caller fills in.
func (b *batch) write(e *entry, key []byte) (*slot, *register.Update) {
	s := b.read(e, key)
	s.Update = &s.update
	return s, &s.update
}

func (b *batch) take(key []byte) *slot {
	if b.used == len(b.slots) {
		b.slots = append(b.slots, new(slot))
	}
	s := b.slots[b.used]
	b.used++
	s.Key = key
	b.requests = append(b.requests, &s.Request)
	return s
}

// takeBack removes the requests of the newest entry.
func (b *batch) takeBack(e *entry) {
	all := len(b.requests) - len(e.slots)
	for _, sl := range e.slots {
		sl.clear()
	}
	b.used -= len(e.slots)
	b.requests, e.slots = b.requests[:all], nil
}

// reset makes the batch ready for the next.
func (b *batch) reset() {
	b.release()
	clear(b.entries)
	clear(b.arena)
	b.entries, b.arena = b.entries[:0], b.arena[:0]
}

// release lets go of the requests and of what their results hold: a large value
// must not live as long as its connection.
func (b *batch) release() {
	for _, sl := range b.slots[:b.used] {
		sl.clear()
	}
	clear(b.requests)
	b.requests, b.used = b.requests[:0], 0
}

func (sl *slot) clear() {
	sl.Reset()
	sl.update = register.Update{}
}

// adapt moves the session's limit after a batch whose replies took so many bytes.
func (s *session) adapt(bytes int64) {
	switch used := s.batch.used; {
	case bytes > batchBytes:
		s.limit = max(1, int(int64(used)*batchBytes/bytes))
	case used >= s.limit:
		s.limit = min(2*s.limit, batchMax)
	}
}

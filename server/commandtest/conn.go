package commandtest

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/limits"
	"github.com/quorate/quorate/server/resp"
)

// Start is the time at which a [Conn] begins, in unix milliseconds.
const Start = 1_700_000_000_000

// Conn is a client of a few families of commands, over a store in memory.
type Conn struct {
	Store  *Store
	Client *command.Client
	// LargeValues are the sizes of the values that were reported as large.
	LargeValues []int

	tb    testing.TB
	table *command.Table
}

// New makes a Conn with the commands of some families. session may be nil if they
// ask no more of it than its address.
func New(tb testing.TB, session command.Session, families ...[]command.Row) *Conn {
	if session == nil {
		session = Session{Addr: "127.0.0.1:9"}
	}
	c := &Conn{Store: newStore(), tb: tb, table: command.NewTable(nil, families...)}
	l := new(limits.Limits)
	l.Protocol.BulkBytes.Store(limits.BulkBytes.Least)
	l.Output.Store(limits.BufferedBytes.Least)
	l.Buffered.Store(limits.BufferedBytes.Most)
	c.Client = &command.Client{
		Node: &command.Node{
			Store: c.Store, Now: func() time.Time { return time.UnixMilli(c.Store.now) },
			Limits: l, Budget: limits.NewBudget(l), Table: c.table, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
			LargeValueBytes: 1 << 10, LargeValue: func(size int, _ string) { c.LargeValues = append(c.LargeValues, size) },
		},
		Out: resp.NewWriter(nil, nil), Session: session, Batch: new(command.Batch),
	}
	return c
}

// Pass moves the clock.
func (c *Conn) Pass(d time.Duration) { c.Store.now += d.Milliseconds() }

// Do carries out a command, given as words with blanks between, and returns the reply
// with a blank for each line's end.
func (c *Conn) Do(line string) string { return c.DoArgs(strings.Fields(line)...) }

// DoArgs is Do for arguments that may hold blanks.
func (c *Conn) DoArgs(words ...string) string {
	c.tb.Helper()
	args := make([][]byte, len(words))
	for i, word := range words {
		args[i] = []byte(word)
	}
	row, refusal := c.table.Choose(args, command.Rights{Authenticated: true})
	if refusal != "" {
		return "-" + refusal
	}
	batch := c.Client.Batch
	defer batch.Reset()
	call := batch.Add(c.Client, row, args)
	c.Client.Look()
	if row.Alone(len(args)) {
		row.Run(context.Background(), call)
	} else {
		row.Plan(call)
		c.Store.Do(context.Background(), batch.Requests)
		call.Reply(call)
	}
	reply := strings.TrimSuffix(string(c.Client.Out.Buf), "\r\n")
	c.Client.Out.Buf = nil
	return strings.ReplaceAll(reply, "\r\n", " ")
}

// Line is a command, and the reply that it must get.
type Line = [2]string

// Play carries out commands in order and compares the replies.
func (c *Conn) Play(lines []Line) {
	c.tb.Helper()
	for _, line := range lines {
		if got := c.Do(line[0]); got != line[1] {
			c.tb.Errorf("%s\n got %s\nwant %s", line[0], got, line[1])
		}
	}
}

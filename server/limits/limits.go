package limits

import (
	"fmt"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/resp"
)

// The ranges of settings of a client port that more than the table of settings knows. No
// value is longer than an update makes it or a peer's frame holds,
// and no sum of lengths overflows; the others are those of Redis where it has the
// setting.
var (
	BulkBytes      = number.Range[int64]{Least: 1 << 20, Most: register.MaxValue}
	BufferedBytes  = number.Range[int64]{Least: 64 << 10, Most: 1 << 40}
	ClientCount    = number.Range[int64]{Least: 1, Most: 1 << 20}
	SlowlogEntries = number.Range[int64]{Least: 0, Most: 10_000}
)

// Relation is a rule for two sizes in bytes: one may not be less than the other.
type Relation struct {
	Name   string // of the setting that may not be less
	Reason string // why, as in "client-buffer-limit is 1mb, but must hold …"
	Other  string // the setting that it is compared with
}

// Relations are the rules for the sizes of a client port, for CONFIG SET and for the
// flags of the process.
var Relations = []Relation{
	{"client-buffer-limit", "must hold one value of", "proto-max-bulk-len"},
	{"total-buffer-limit", "must not be less than", "client-buffer-limit"},
}

// Check returns an error if the sizes of two settings break the rule. prefix stands
// before the names in the error's text.
func (r Relation) Check(prefix string, size func(name string) int64) error {
	if size(r.Name) >= size(r.Other) {
		return nil
	}
	return fmt.Errorf("%s%s is %s, but %s %s%s %s", prefix, r.Name, number.FormatSize(size(r.Name)),
		r.Reason, prefix, r.Other, number.FormatSize(size(r.Other)))
}

// Limits holds the limits that CONFIG SET may change.
type Limits struct {
	Protocol resp.Limits  // of one command
	Clients  atomic.Int64 // connections at once
	Idle     atomic.Int64 // nanoseconds that a client may be silent; 0 means no limit
	Input    atomic.Int64 // bytes of one connection's unfinished commands
	Output   atomic.Int64 // bytes of replies that one client has not read
	Buffered atomic.Int64 // bytes of both, over all connections of this node
}

// Budget counts the bytes that clients made this node buffer, beyond what each
// connection has from the start.
type Budget struct {
	limits *Limits
	used   atomic.Int64
}

// NewBudget returns an empty budget of limits.Buffered bytes.
func NewBudget(limits *Limits) *Budget { return &Budget{limits: limits} }

// Take asks for n bytes and reports whether they are granted.
func (b *Budget) Take(n int64) bool {
	if used := b.used.Add(n); used > b.limits.Buffered.Load() {
		b.used.Add(-n)
		return false
	}
	return true
}

// Give returns n bytes that were granted.
func (b *Budget) Give(n int64) { b.used.Add(-n) }

// Used returns the bytes granted and not yet returned.
func (b *Budget) Used() int64 { return b.used.Load() }

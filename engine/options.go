package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Durability says when a write counts as safe; see the package comment.
type Durability uint8

const (
	// Always acknowledges after fsync.
	Always Durability = iota
	// Interval fsyncs periodically.
	Interval
)

// String is the word used in flags.
func (d Durability) String() string {
	if d == Interval {
		return "interval"
	}
	return "always"
}

// ParseDurability reads the word used in flags.
func ParseDurability(s string) (Durability, error) {
	switch s {
	case "always":
		return Always, nil
	case "interval":
		return Interval, nil
	}
	return 0, fmt.Errorf("durability %q: must be always or interval", s)
}

// Options configure a store. A zero field takes its default.
type Options struct {
	Dir        string        // required
	FS         vfs.FS        // default: the disk
	Partitions int           // Q, fixed for the directory's life; default 256
	Self       causal.NodeID // required: the directory belongs to this node
	Name       string        // the node's name, for messages

	Durability Durability
	SyncEvery  time.Duration // Interval: how often to fsync; default 1 s

	CacheBytes           int64 // block cache; default 256 MiB
	ObjectCacheBytes     int64 // cache of current objects, in front of everything else; default 128 MiB, negative: none
	MemtableBytes        int64 // one of up to eight memtables; default 16 MiB, for inserting into a larger one costs a fifth more
	ValueSeparationBytes int   // values from this size live in blob files; default 4 KiB, negative: never
	MaxOpenFiles         int   // default 1000
	ReserveBytes         int64 // refuse writes when the disk has less free; default 256 MiB or 5 % of the disk, whichever is less

	// LoseData opens the directory as if its disk had been replaced: what is kept
	// for clients and for other nodes is gone, who the node is and what SaveState
	// keeps remain. To see what a cluster makes of it.
	LoseData bool

	HintBytes int64         // bound of all hints held; default 1 GiB
	HintAge   time.Duration // older hints are dropped; default 3 h

	CloseTimeout time.Duration // bound of Close and Crash while the disk does not answer; default 30 s

	Logger  *slog.Logger     // default: none
	Now     func() time.Time // default time.Now
	OnFatal func(error)      // called once, from any goroutine, when the store can no longer write; must not block
}

// Memtables is how many there may be at once, all but one on their way to a file.
const Memtables = 8

func (o *Options) setDefaults() {
	setDefault(&o.FS, vfs.Default)
	setDefault(&o.Partitions, 256)
	setDefault(&o.SyncEvery, time.Second)
	setDefault(&o.CacheBytes, 256<<20)
	setDefault(&o.ObjectCacheBytes, 128<<20)
	setDefault(&o.MemtableBytes, 16<<20)
	setDefault(&o.ValueSeparationBytes, 4<<10)
	setDefault(&o.MaxOpenFiles, 1000)
	setDefault(&o.HintBytes, 1<<30)
	setDefault(&o.HintAge, 3*time.Hour)
	setDefault(&o.CloseTimeout, 30*time.Second)
	if o.Name == "" {
		o.Name = fmt.Sprintf("%016x", uint64(o.Self))
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OnFatal == nil {
		o.OnFatal = func(error) {}
	}
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports every fault at once. Zero fields are in order, but for Dir
// and Self.
func (o *Options) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(o.Dir == "", "data directory: must be given")
	fault(o.Self == 0, "node: must be given")
	fault(o.Partitions < 0 || o.Partitions > 1<<14 || o.Partitions&(o.Partitions-1) != 0,
		"partitions %d: must be a power of two up to 16384", o.Partitions)
	fault(o.Durability > Interval, "durability %d: unknown", o.Durability)
	fault(o.SyncEvery < 0, "sync interval %v: must not be negative", o.SyncEvery)
	fault(o.CacheBytes < 0, "cache %d bytes: must not be negative", o.CacheBytes)
	fault(o.MemtableBytes < 0 || o.MemtableBytes > 1<<30, "memtable %d bytes: must be at most 1 GiB", o.MemtableBytes)
	fault(o.MaxOpenFiles < 0, "open files %d: must not be negative", o.MaxOpenFiles)
	fault(o.ReserveBytes < 0, "reserve %d bytes: must not be negative", o.ReserveBytes)
	fault(o.HintBytes < 0, "hints %d bytes: must not be negative", o.HintBytes)
	fault(o.HintAge < 0, "hint age %v: must not be negative", o.HintAge)
	fault(o.CloseTimeout < 0, "close timeout %v: must not be negative", o.CloseTimeout)
	return errors.Join(errs...)
}

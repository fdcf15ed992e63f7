package engine

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Durability says when a write counts as safe. The package comment tells more.
type Durability uint8

const (
	// Always acknowledges after fsync.
	Always Durability = iota
	// Interval fsyncs periodically.
	Interval
)

// String returns the word used in flags.
func (d Durability) String() string {
	if d == Interval {
		return "interval"
	}
	return "always"
}

// Options configure a store. A zero field takes its default.
type Options struct {
	Dir        string        // required
	FS         vfs.FS        // default: the disk
	Partitions int           // Q, fixed for the directory's life; default ring.DefaultPartitions
	Self       causal.NodeID // required: the directory belongs to this node
	Name       string        // the node's name, for messages

	Durability Durability
	SyncEvery  time.Duration // Interval: how often to fsync; default 1 s

	CacheBytes           int64 // block cache; default DefaultCacheBytes
	ObjectCacheBytes     int64 // cache of current objects, in front of everything else; default DefaultObjectCacheBytes, negative: none
	MemtableBytes        int64 // one of up to eight memtables; default DefaultMemtableBytes
	ValueSeparationBytes int   // values from this size live in blob files; default 4 KiB, negative: never
	SplitBytes           int   // objects from this size lie in parts (split.go); default 2 MiB, negative: never
	SpreadElements       int   // collections from this many elements lie element by element (spread.go); default DefaultSpreadElements, negative: never
	MaxOpenFiles         int   // default 1000
	ReserveBytes         int64 // refuse writes when the disk has less free; default 256 MiB or 5 % of the disk, whichever is less

	// LoseData opens the directory as if its disk had been replaced: the objects and
	// hints are gone, the node's identity and its State remain. It serves to see what
	// a cluster does then.
	LoseData bool

	HintBytes int64         // bound of all hints held; default DefaultHintBytes
	HintAge   time.Duration // older hints are dropped; default DefaultHintAge

	// StripAfter is how long after their expiry the values of an object give their space
	// back. It must be longer than the clocks of two nodes differ. Default: causal.MaxDrift.
	StripAfter time.Duration

	// MayStrip reports whether all nodes that an object may go to read stripped values.
	// Once it has, the store remembers it and does not ask again. Default: they do.
	MayStrip func() bool

	partBytes int // of a split object; default 192 KiB: Pebble keeps blocks of up to 256 KiB, compressed at worst, for the next one

	CloseTimeout time.Duration // bound of the end of Run, and of Close and Crash, while the disk does not answer; default DefaultCloseTimeout

	Logger  *slog.Logger           // default: none
	Now     func() time.Time       // default time.Now
	Rand    *rand.Rand             // for the sizes of memtables and for epochs, used by nobody else; default: seeded at random
	Observe func(causal.Timestamp) // told of the latest time in each object that is merged; must not block; default: nobody
	OnFatal func(error)            // called once, from any goroutine, when the store can no longer write; must not block
}

// Defaults of [Options] that operators may change.
const (
	DefaultCacheBytes       = 256 << 20
	DefaultObjectCacheBytes = 128 << 20
	DefaultMemtableBytes    = 16 << 20 // inserting into a larger one costs a fifth more
	DefaultHintBytes        = 1 << 30
	DefaultCloseTimeout     = 30 * time.Second
	DefaultHintAge          = 3 * time.Hour
)

// MaxMemtableBytes bounds a memtable.
const MaxMemtableBytes = 1 << 30

// Memtables is how many memtables there may be at once. All but one are being flushed.
const Memtables = 8

func (o *Options) setDefaults() {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	o.Name = cmp.Or(o.Name, fmt.Sprintf("%016x", uint64(o.Self)))
	o.Partitions = cmp.Or(o.Partitions, ring.DefaultPartitions)
	o.SyncEvery = cmp.Or(o.SyncEvery, time.Second)
	o.CacheBytes = cmp.Or(o.CacheBytes, DefaultCacheBytes)
	o.ObjectCacheBytes = cmp.Or(o.ObjectCacheBytes, DefaultObjectCacheBytes)
	o.MemtableBytes = cmp.Or(o.MemtableBytes, DefaultMemtableBytes)
	o.ValueSeparationBytes = cmp.Or(o.ValueSeparationBytes, 4<<10)
	o.SplitBytes = cmp.Or(o.SplitBytes, 2<<20)
	o.SpreadElements = cmp.Or(o.SpreadElements, DefaultSpreadElements)
	o.partBytes = cmp.Or(o.partBytes, 192<<10)
	o.MaxOpenFiles = cmp.Or(o.MaxOpenFiles, 1000)
	o.HintBytes = cmp.Or(o.HintBytes, DefaultHintBytes)
	o.HintAge = cmp.Or(o.HintAge, DefaultHintAge)
	o.StripAfter = cmp.Or(o.StripAfter, causal.MaxDrift)
	o.CloseTimeout = cmp.Or(o.CloseTimeout, DefaultCloseTimeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if o.MayStrip == nil {
		o.MayStrip = func() bool { return true }
	}
	if o.OnFatal == nil {
		o.OnFatal = func(error) {}
	}
}

// Validate reports every fault at once. A field may be zero, except Dir and Self.
func (o *Options) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(o.Dir == "", "data directory: must be given")
	fault(o.Self == 0, "node: must be given")
	if o.Partitions != 0 {
		if err := ring.ValidPartitions(o.Partitions); err != nil {
			errs = append(errs, err)
		}
	}
	fault(o.Durability > Interval, "durability %d: unknown", o.Durability)
	fault(o.SyncEvery < 0, "sync interval %v: must not be negative", o.SyncEvery)
	fault(o.CacheBytes < 0, "cache %d bytes: must not be negative", o.CacheBytes)
	fault(o.MemtableBytes < 0 || o.MemtableBytes > MaxMemtableBytes, "memtable %d bytes: must be at most %d", o.MemtableBytes, int64(MaxMemtableBytes))
	fault(o.MaxOpenFiles < 0, "open files %d: must not be negative", o.MaxOpenFiles)
	fault(o.ReserveBytes < 0, "reserve %d bytes: must not be negative", o.ReserveBytes)
	fault(o.HintBytes < 0, "hints %d bytes: must not be negative", o.HintBytes)
	fault(o.HintAge < 0, "hint age %v: must not be negative", o.HintAge)
	fault(o.StripAfter < 0, "strip after %v: must not be negative", o.StripAfter)
	fault(o.CloseTimeout < 0, "close timeout %v: must not be negative", o.CloseTimeout)
	return errors.Join(errs...)
}

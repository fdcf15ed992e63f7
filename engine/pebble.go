package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// pebbleOptions tunes Pebble for point reads and writes of small objects with
// some large ones among them.
func (d *database) pebbleOptions(lock *pebble.Lock) *pebble.Options {
	o := &pebble.Options{
		FS:                          d.disk,
		Comparer:                    newComparer(),
		Lock:                        lock,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		CacheSize:                   d.opts.CacheBytes,
		MemTableSize:                memtableSize(d.opts.MemtableBytes, d.opts.Rand),
		MemTableStopWritesThreshold: Memtables,
		MaxOpenFiles:                d.opts.MaxOpenFiles,
		L0CompactionThreshold:       4,
		L0CompactionFileThreshold:   500,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               max(64<<20, d.opts.MemtableBytes),
		BytesPerSync:                1 << 20,
		FlushDelayDeleteRange:       5 * time.Second,
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(2, runtime.GOMAXPROCS(0)/2) },
		Logger:                      logger{d.opts.Logger, d},
		EventListener:               d.listener(),
	}
	if d.opts.Durability == Interval {
		// The kernel is asked to write early, so that the periodic fsync finds
		// little to do and stalls nobody.
		o.WALBytesPerSync = 1 << 20
	}
	o.TargetFileSizes[0] = 4 << 20
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].BlockSize = 16 << 10
		o.Levels[i].IndexBlockSize = 128 << 10
	}
	if size := d.opts.ValueSeparationBytes; size > 0 {
		// Blob files are rewritten once 30 % of their bytes are garbage, whatever
		// their age: an idle node has no compactions that would come by later.
		//
		// A table may refer to a hundred blob files whose keys overlap. With ten, every
		// compaction of 1 MiB values wrote all of them again, because a memtable holds
		// few of them. With a thousand, scans read values of 4 KiB from more places,
		// and no less is written (BenchmarkWriteLarge, BenchmarkScanLarge).
		o.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
			return pebble.ValueSeparationPolicy{
				Enabled:               true,
				MinimumSize:           size,
				MaxBlobReferenceDepth: 100,
				RewriteMinimumAge:     0,
				TargetGarbageRatio:    0.30,
			}
		}
	}
	return o
}

// listener returns the callbacks for what Pebble does by itself.
func (d *database) listener() *pebble.EventListener {
	log := d.opts.Logger
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			if d.disk.Running() {
				log.Warn("storage background work met an error", "err", err)
			}
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			_ = d.corrupt("block in "+info.Path, info.Details)
			log.Error("stored data is corrupt; refusing writes", "path", info.Path, "err", info.Details)
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			d.stalls.Add(1)
			if stalls := d.stallLog.note(time.Now()); stalls > 0 {
				log.Warn("writes stalled until storage catches up", "reason", info.Reason, "stalls", stalls)
			}
		},
	}
}

// logger passes on what Pebble logs, without its informational messages, which are too
// detailed for a node's log.
type logger struct {
	*slog.Logger
	db *database
}

func (l logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	if l.db.disk.Running() {
		l.Logger.Warn("storage", "err", strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}

// Fatalf is called for broken invariants only, because package failstop hides from Pebble
// all other errors that would end here. It must not return.
func (l logger) Fatalf(format string, args ...any) {
	l.db.disk.Freeze()
	panic("storage invariant broken: " + fmt.Sprintf(format, args...))
}

// memtableSize draws a size between half of what is set and all of it, another at each
// start. The replicas of a partition take the same writes: with memtables of one size they
// would all flush at the same moment, and clients would wait for every node at once
// instead of being served by the other two.
func memtableSize(most int64, rng *rand.Rand) uint64 { return uint64(most - rng.Int64N(most/2+1)) }

// isLockHeld tells a held lock from a directory that cannot be locked at all.
func isLockHeld(err error) bool {
	var path *os.PathError
	if errors.As(err, &path) {
		return false
	}
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) ||
		strings.Contains(err.Error(), "lock held by current process")
}

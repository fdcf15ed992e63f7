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
func (s *Store) pebbleOptions(lock *pebble.Lock) *pebble.Options {
	o := &pebble.Options{
		FS:                          s.disk,
		Lock:                        lock,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		CacheSize:                   s.opts.CacheBytes,
		MemTableSize:                memtableSize(s.opts.MemtableBytes),
		MemTableStopWritesThreshold: Memtables,
		MaxOpenFiles:                s.opts.MaxOpenFiles,
		L0CompactionThreshold:       4,
		L0CompactionFileThreshold:   500,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               max(64<<20, s.opts.MemtableBytes),
		BytesPerSync:                1 << 20,
		FlushDelayDeleteRange:       5 * time.Second,
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(2, runtime.GOMAXPROCS(0)/2) },
		Logger:                      logger{s.opts.Logger, s},
		EventListener:               s.listener(),
	}
	if s.opts.Durability == Interval {
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
	if size := s.opts.ValueSeparationBytes; size > 0 {
		// Blob files are rewritten once 30 % of their bytes are garbage, whatever
		// their age: an idle node has no compactions that would come by later.
		o.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
			return pebble.ValueSeparationPolicy{
				Enabled:               true,
				MinimumSize:           size,
				MaxBlobReferenceDepth: 10,
				RewriteMinimumAge:     0,
				TargetGarbageRatio:    0.30,
			}
		}
	}
	return o
}

// listener hears of what Pebble does by itself.
func (s *Store) listener() *pebble.EventListener {
	log := s.opts.Logger
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			if s.disk.Running() {
				log.Warn("storage background work met an error", "err", err)
			}
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			_ = s.corrupt("block in "+info.Path, info.Details)
			log.Error("stored data is corrupt; refusing writes", "path", info.Path, "err", info.Details)
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			s.counters.stalls.Add(1)
			log.Warn("writes stalled until storage catches up", "reason", info.Reason)
		},
	}
}

// logger passes on what Pebble logs. Its information is too fine for a node's
// log.
type logger struct {
	*slog.Logger
	store *Store
}

func (l logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	if l.store.disk.Running() {
		l.Logger.Warn("storage", "err", strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}

// Fatalf is called for broken invariants only, since the disk hides what would
// otherwise end here. It must not return.
func (l logger) Fatalf(format string, args ...any) {
	l.store.disk.Freeze()
	panic("storage invariant broken: " + fmt.Sprintf(format, args...))
}

// memtableSize is a size up to the one that is set, another at each start. The
// replicas of a partition take the same writes: with memtables of one size they
// would all flush at the same moment, and clients would wait for every node at
// once instead of being served by the other two.
func memtableSize(most int64) uint64 { return uint64(most - rand.Int64N(most/2+1)) }

// isLockHeld tells a held lock from a directory that cannot be locked at all.
func isLockHeld(err error) bool {
	var path *os.PathError
	if errors.As(err, &path) {
		return false
	}
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) ||
		strings.Contains(err.Error(), "lock held by current process")
}

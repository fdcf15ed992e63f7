package failstop

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	defaultReserve = 256 << 20
	reserveShare   = 20 // at most one 20th of the disk
	checkAtLeast   = 64 << 10
)

// Space watches the free space of the disk, and refuses writes while only a reserve is
// left. A disk that is wholly full leaves no room for the compactions that would free
// some, stops the log for good, and may keep the node from starting again.
//
// The disk is asked by Check, and whenever a quarter of the free space above the reserve
// has been written. The rest is for the flushes and compactions that follow.
type Space struct {
	fs      vfs.FS
	dir     string
	reserve uint64 // bytes; 0: chosen by the size of the disk
	health  *Health
	logger  *slog.Logger
	until   atomic.Int64 // bytes to be written before the disk is asked
	free    atomic.Int64 // bytes at the last check; 0: not known
	filled  atomic.Bool  // the disk counts as full, on purpose
}

// NewSpace watches the disk that holds dir. With a reserve of 0 bytes it keeps 256 MiB or
// 5 % of the disk, whichever is less.
func NewSpace(fs vfs.FS, dir string, reserve int64, h *Health, logger *slog.Logger) *Space {
	return &Space{fs: fs, dir: dir, reserve: uint64(reserve), health: h, logger: logger}
}

// Wrote counts written bytes towards the next check.
func (s *Space) Wrote(bytes int) {
	if s.until.Add(-int64(bytes)) <= 0 {
		s.Check()
	}
}

// Free returns how many bytes of the disk were free at the last check; 0: not known.
func (s *Space) Free() int64 { return s.free.Load() }

// ErrFilled is why writes are refused while a disk counts as full, by Fill.
var ErrFilled = errors.New("disk nearly full, on purpose")

// Fill makes the disk count as full until Unfill, to show what a full disk leads to. It
// writes nothing.
func (s *Space) Fill() {
	if !s.filled.Swap(true) {
		s.logger.Error("disk counts as full, on purpose; refusing writes")
	}
	s.health.SetFull(ErrFilled)
}

// Unfill makes the disk count as it is.
func (s *Space) Unfill() {
	if s.filled.Swap(false) && s.health.ClearFull() {
		s.logger.Info("disk does not count as full any more")
		s.Check()
	}
}

// Check refuses writes, or accepts them again, by the space that is left. Between the
// two lies a quarter of the reserve.
func (s *Space) Check() {
	s.until.Store(defaultReserve)
	if s.filled.Load() {
		s.health.SetFull(ErrFilled) // a check that was under way may have cleared it
		return
	}
	usage, err := s.fs.GetDiskUsage(s.dir)
	if err != nil || usage.TotalBytes == 0 {
		return // not every file system can tell
	}
	s.free.Store(int64(min(usage.AvailBytes, math.MaxInt64)))
	reserve := s.reserve
	if reserve == 0 {
		reserve = min(defaultReserve, usage.TotalBytes/reserveShare)
	}
	s.until.Store(checkAtLeast)
	if usage.AvailBytes < reserve {
		if !s.health.Full() {
			s.logger.Error("disk is nearly full; refusing writes", "free", usage.AvailBytes, "reserve", reserve)
		}
		s.health.SetFull(fmt.Errorf("disk nearly full: %d KiB free, %d KiB kept in reserve", usage.AvailBytes>>10, reserve>>10))
		return
	}
	s.until.Store(max(checkAtLeast, int64(usage.AvailBytes-reserve)/4))
	if usage.AvailBytes >= reserve+reserve/4 && s.health.ClearFull() {
		s.logger.Info("disk has space again; accepting writes", "free", usage.AvailBytes)
	}
}

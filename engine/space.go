package engine

import "fmt"

// A disk that is full to the brim leaves no room for the compactions that would
// free some, stops the log for good, and may keep the node from starting again.
// So writes are refused while there is a reserve left. The disk is asked each
// second, and whenever a quarter of what was left above the reserve has been
// written: the rest is for the flushes and compactions that follow.

const (
	defaultReserve = 256 << 20
	reserveShare   = 20 // at most one 20th of the disk
	checkAtLeast   = 64 << 10
)

// wrote counts towards the next look at the disk.
func (s *Store) wrote(bytes int) {
	if s.untilCheck.Add(-int64(bytes)) <= 0 {
		s.checkSpace()
	}
}

// checkSpace refuses writes, or accepts them again, by the space left.
func (s *Store) checkSpace() {
	s.untilCheck.Store(defaultReserve)
	usage, err := s.opts.FS.GetDiskUsage(s.opts.Dir)
	if err != nil || usage.TotalBytes == 0 {
		return // not every file system can tell
	}
	reserve := uint64(s.opts.ReserveBytes)
	if reserve == 0 {
		reserve = min(defaultReserve, usage.TotalBytes/reserveShare)
	}
	s.untilCheck.Store(checkAtLeast)
	if usage.AvailBytes < reserve {
		if s.health.full.Load() == nil {
			s.opts.Logger.Error("disk is nearly full; refusing writes", "free", usage.AvailBytes, "reserve", reserve)
		}
		s.health.setFull(fmt.Sprintf("disk nearly full: %d KiB free, %d KiB kept in reserve", usage.AvailBytes>>10, reserve>>10))
		return
	}
	s.untilCheck.Store(max(checkAtLeast, int64(usage.AvailBytes-reserve)/4))
	if usage.AvailBytes >= reserve+reserve/4 && s.health.clearFull() {
		s.opts.Logger.Info("disk has space again; accepting writes", "free", usage.AvailBytes)
	}
}

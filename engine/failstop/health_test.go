package failstop

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestHealth_SeveralFailures_KeepsTheGravest(t *testing.T) {
	full := fmt.Errorf("%w: no room for the log", ErrReadOnly)
	fatal := fmt.Errorf("%w: sync", ErrFatal)
	later := fmt.Errorf("%w: another sync", ErrFatal)
	var told []error
	h := NewHealth(func(err error) { told = append(told, err) })
	h.Announce()
	for _, step := range []struct{ fail, want error }{
		{full, full},
		{fatal, fatal},
		{full, fatal},
		{later, fatal},
	} {
		h.Fail(step.fail)
		if got := h.Err(); !errors.Is(got, step.want) {
			t.Errorf("after %q: %v, want %v", step.fail, got, step.want)
		}
	}
	if len(told) != 1 || !errors.Is(told[0], fatal) {
		t.Errorf("told of %v, want %v once", told, fatal)
	}
}

func TestHealth_NotAnnounced_TellsNobody(t *testing.T) {
	h := NewHealth(func(err error) { t.Errorf("told of %v while opening", err) })
	h.Fail(ErrFatal)
	if h.LastingErr() == nil {
		t.Error("the failure is forgotten")
	}
}

func TestSpace_NearTheReserve_RefusesAndAcceptsAgain(t *testing.T) {
	const reserve = 1000
	fs := vfs.NewMem()
	h := NewHealth(func(error) {})
	s := NewSpace(fs, "data", reserve, h, slog.New(slog.NewTextHandler(io.Discard, nil)))
	for _, step := range []struct {
		free    uint64
		refused bool
	}{
		{reserve, false},
		{reserve - 1, true},
		{reserve + 1, true}, // not until a quarter more is free
		{reserve + reserve/4, false},
	} {
		fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: step.free, TotalBytes: 1 << 40})
		s.Check()
		if refused := errors.Is(h.Err(), ErrReadOnly); refused != step.refused {
			t.Errorf("%d bytes free: refused %v, want %v", step.free, refused, step.refused)
		}
		if got := s.Free(); got != int64(step.free) {
			t.Errorf("%d bytes are free, and %d are told", step.free, got)
		}
	}
}

func TestSpace_MuchWritten_AsksTheDisk(t *testing.T) {
	fs := vfs.NewMem()
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 30, TotalBytes: 1 << 40})
	h := NewHealth(func(error) {})
	s := NewSpace(fs, "data", 1<<20, h, slog.New(slog.NewTextHandler(io.Discard, nil)))
	s.Check()
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 0, TotalBytes: 1 << 40})
	if s.Wrote(1 << 20); h.Err() != nil {
		t.Fatalf("asked after 1 MiB of 1 GiB: %v", h.Err())
	}
	if s.Wrote(1 << 30); h.Err() == nil {
		t.Fatal("not asked after 1 GiB")
	}
}

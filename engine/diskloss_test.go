package engine

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// What was marked as in doubt is still so after a power cut; and the end of the doubt is as
// durable.
func TestDiskLoss_PowerCut_TheMarkStays(t *testing.T) {
	fs := vfs.NewCrashableMem()
	for _, step := range []struct {
		name string
		do   func(*DiskLoss) error
		want Doubt
	}{
		{"outdated", func(l *DiskLoss) error { return l.Mark(Outdated) }, Outdated},
		{"lost", func(l *DiskLoss) error { return l.Mark(Lost) }, Lost},
		{"repaired", (*DiskLoss).MarkRepaired, NoDoubt},
	} {
		s := open(t, testOptions(fs))
		if err := step.do(s.DiskLoss()); err != nil || s.DiskLoss().Doubt() != step.want {
			t.Fatalf("%s: %v, in doubt as %q", step.name, err, s.DiskLoss().Doubt())
		}
		fs = powerCut(fs, 0, 0)
		s.Crash()
		s = open(t, testOptions(fs))
		if got := s.DiskLoss().Doubt(); got != step.want {
			t.Errorf("%s: after a power cut in doubt as %q", step.name, got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

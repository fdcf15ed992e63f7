package causal

import (
	"errors"
	"sync"
	"testing"
	"time"
)

func TestClock_WallStandsStillOrGoesBack_StampsGoOn(t *testing.T) {
	wall := int64(1_763_000_000_000)
	c := NewClock(func() int64 { return wall })
	last := c.Now()
	if last.UnixMilli() != wall {
		t.Errorf("first stamp at %d, want %d", last.UnixMilli(), wall)
	}
	for range 1 << 17 { // more than one millisecond's count holds
		now := c.Now()
		if now <= last {
			t.Fatalf("%d after %d", now, last)
		}
		last = now
	}
	wall -= 5000
	if now := c.Now(); now <= last {
		t.Error("followed the wall clock back")
	}
	wall += 60_000
	if now := c.Now(); now != TimestampOf(wall) {
		t.Errorf("%d, want the wall's %d", now, TimestampOf(wall))
	}
}

func TestClock_Observe(t *testing.T) {
	wall := int64(1_763_000_000_000)
	c := NewClock(func() int64 { return wall })
	ahead := TimestampOf(wall+MaxDrift.Milliseconds()) - 1
	if err := c.Observe(ahead); err != nil {
		t.Fatal(err)
	}
	if now := c.Now(); now <= ahead {
		t.Errorf("%d, want it after %d", now, ahead)
	}
	if err := c.Observe(TimestampOf(wall - 1000)); err != nil {
		t.Errorf("a stamp of the past: %v", err)
	}
	for _, far := range []Timestamp{TimestampOf(wall + 2*MaxDrift.Milliseconds()), ^Timestamp(0)} {
		if err := c.Observe(far); !errors.Is(err, ErrDrift) {
			t.Errorf("%d: %v", far, err)
		}
	}
	if now := c.Now(); now.UnixMilli() > wall+MaxDrift.Milliseconds() {
		t.Errorf("a stamp that was refused moved the clock to %d", now)
	}
	if TimestampOf(-5) != 0 {
		t.Error("a time before 1970")
	}
}

func TestClock_ManyAtOnce_NoStampTwice(t *testing.T) {
	c := NewClock(func() int64 { return time.Now().UnixMilli() })
	const readers, each = 4, 2000
	stamps := make([][]Timestamp, readers)
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			for range each {
				stamp := c.Now()
				stamps[i] = append(stamps[i], stamp)
				if err := c.Observe(stamp + 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := map[Timestamp]bool{}
	for _, mine := range stamps {
		for i, s := range mine {
			if seen[s] || i > 0 && s <= mine[i-1] {
				t.Fatalf("stamp %d again", s)
			}
			seen[s] = true
		}
	}
}

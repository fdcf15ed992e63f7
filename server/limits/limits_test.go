package limits

import (
	"sync"
	"testing"
)

func TestBudget_Take_GrantsUpToTheLimit(t *testing.T) {
	l := new(Limits)
	l.Buffered.Store(10)
	b := NewBudget(l)
	for i, step := range []struct {
		take, give int64
		granted    bool
		used       int64
	}{
		{take: 6, granted: true, used: 6},
		{take: 5, granted: false, used: 6}, // what is refused is not counted
		{take: 4, granted: true, used: 10},
		{take: 1, granted: false, used: 10},
		{give: 7, take: 7, granted: true, used: 10},
		{give: 10, take: 0, granted: true, used: 0},
	} {
		b.Give(step.give)
		if granted := b.Take(step.take); granted != step.granted || b.Used() != step.used {
			t.Errorf("step %d: granted %v, used %d, want %v, %d", i, granted, b.Used(), step.granted, step.used)
		}
	}
}

func TestBudget_LimitLowered_RefusesUntilEnoughIsGivenBack(t *testing.T) {
	l := new(Limits)
	l.Buffered.Store(10)
	b := NewBudget(l)
	if !b.Take(10) {
		t.Fatal("a budget of 10 bytes refused 10")
	}
	l.Buffered.Store(5)
	if b.Give(4); b.Take(1) {
		t.Error("granted a byte while 6 of 5 were in use")
	}
	if b.Give(2); !b.Take(1) {
		t.Error("refused a byte while 4 of 5 were in use")
	}
}

// Goroutines that take and give at once must not be granted more than there is.
func TestBudget_ManyAtOnce_NeverExceedTheLimit(t *testing.T) {
	l := new(Limits)
	l.Buffered.Store(3)
	b := NewBudget(l)
	var holding sync.Mutex
	held := 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if !b.Take(1) {
					continue
				}
				holding.Lock()
				if held++; held > 3 {
					t.Errorf("%d bytes of 3 are granted", held)
				}
				holding.Unlock()
				holding.Lock()
				held--
				holding.Unlock()
				b.Give(1)
			}
		})
	}
	all.Wait()
	if b.Used() != 0 {
		t.Errorf("%d bytes were never given back", b.Used())
	}
}

func TestRanges_AreNotEmpty_AndNotNegative(t *testing.T) {
	for name, r := range map[string]struct{ least, most int64 }{
		"proto-max-bulk-len": {BulkBytes.Least, BulkBytes.Most},
		"buffer limits":      {BufferedBytes.Least, BufferedBytes.Most},
		"maxclients":         {ClientCount.Least, ClientCount.Most},
		"slowlog-max-len":    {SlowlogEntries.Least, SlowlogEntries.Most},
	} {
		if r.least < 0 || r.least > r.most {
			t.Errorf("%s: %d to %d", name, r.least, r.most)
		}
	}
	if BufferedBytes.Most < BulkBytes.Most {
		t.Errorf("no limit of a client's buffer holds a value of %d bytes", BulkBytes.Most)
	}
}

package histogram

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/number"
)

func TestBuckets_EveryDuration_IsBelowItsBoundAndNotBelowTheOneBefore(t *testing.T) {
	for i := range Buckets {
		if got := bucketOf(Bound(i) - 1); got != i {
			t.Errorf("%v is in bucket %d, want %d", Bound(i)-1, got, i)
		}
		if got := bucketOf(Bound(i)); got != min(i+1, Buckets-1) {
			t.Errorf("%v is in bucket %d, want %d", Bound(i), got, i+1)
		}
	}
	for took, want := range map[time.Duration]int{-1: 0, 0: 0, math.MaxInt64: Buckets - 1} {
		if got := bucketOf(took); got != want {
			t.Errorf("%v is in bucket %d, want %d", took, got, want)
		}
	}
}

func TestQuantile_AnyDurations_IsNearTheTrueOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Minute)), 1, 200).Draw(t, "durations")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		var h Histogram
		for _, d := range took {
			h.Record(time.Duration(d), 1)
		}
		var c Counts
		h.Add(&c)
		slices.Sort(took)
		want := time.Duration(took[max(int(q*float64(len(took))+0.5), 1)-1])
		if got := c.Quantile(q); got < want*7/8-time.Microsecond || got > want*9/8+time.Microsecond {
			t.Fatalf("quantile %v of %v is %v, want about %v", q, took, got, want)
		}
	})
}

func TestCounts_SinceAnEarlierReading_AreWhatCameBetween(t *testing.T) {
	var h Histogram
	var before, after Counts
	h.Record(time.Millisecond, 3)
	h.Add(&before)
	h.Record(time.Second, 2)
	h.Add(&after)
	between := after.Since(&before)
	if between.Total() != 2 || between.Sum != 2*time.Second || between.Quantile(0) < 900*time.Millisecond {
		t.Errorf("%d in %v", between.Total(), between.Sum)
	}
	if again := before.Since(&after); again.Total() != 3 {
		t.Errorf("after a new start %d, want all 3", again.Total())
	}
	var empty Counts
	if empty.Quantile(0.5) != 0 {
		t.Error("nothing took some time")
	}
}

func TestPowers_AreCumulative(t *testing.T) {
	var h Histogram
	h.Record(10*time.Microsecond, 1)
	h.Record(100*time.Microsecond, 2)
	h.Record(time.Hour, 1)
	var c Counts
	h.Add(&c)
	var got []uint64
	c.Powers(number.Range[int]{Least: 3, Most: 7}, func(_ time.Duration, n uint64) { got = append(got, n) })
	if want := []uint64{0, 1, 1, 1, 3}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

package number

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseSize_RedisNotation_IsRead(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "17": 17, "5b": 5, "1k": 1000, "1KB": 1024, "64mb": 64 << 20, "2M": 2e6, "1gb": 1 << 30, "3g": 3e9} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "mb", "-1", "1.5gb", "1tb", "1kk", "1bk", "9223372036854775807gb", "0x10"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func TestParseDuration_Notations_AreRead(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "300": 300 * time.Second, "500ms": 500 * time.Millisecond, "10d": 240 * time.Hour, "1h30m": 90 * time.Minute} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1s", "9999999d", "soon"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestFormat_WholeUnits_AreShort(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", 240 * time.Hour: "10d", 3 * time.Hour: "3h", 90 * time.Minute: "90m", 90 * time.Second: "90s", 1500 * time.Millisecond: "1.5s"} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
	for bytes, want := range map[int64]string{0: "0", 1000: "1000", 1 << 10: "1kb", 1536: "1536", 64 << 20: "64mb", 1 << 40: "1024gb"} {
		if got := FormatSize(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}

func TestFormat_AnyValue_IsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.Int64Min(0).Draw(t, "bytes")
		if got, err := ParseSize(FormatSize(bytes)); err != nil || got != bytes {
			t.Errorf("%d bytes are written as %s and read as %d, %v", bytes, FormatSize(bytes), got, err)
		}
		d := time.Duration(rapid.Int64Min(0).Draw(t, "nanoseconds"))
		if got, err := ParseDuration(FormatDuration(d)); err != nil || got != d {
			t.Errorf("%d ns are written as %s and read as %d, %v", d, FormatDuration(d), got, err)
		}
	})
}

func TestRange_Holds_ItsEnds(t *testing.T) {
	r := Range[int]{Least: -1, Most: 3}
	for v, want := range map[int]bool{-2: false, -1: true, 0: true, 3: true, 4: false} {
		if got := r.Holds(v); got != want {
			t.Errorf("%d: %v", v, got)
		}
	}
}

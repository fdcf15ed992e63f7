package admin

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
)

func TestWrongClocks_AreNamed(t *testing.T) {
	const minute, now = 60_000, 1_800_000_000_000
	for _, test := range []struct {
		what  string
		times map[string]int64
		want  map[string]int64
	}{
		{"none", map[string]int64{}, map[string]int64{}},
		{"one alone", map[string]int64{"A": 7}, map[string]int64{}},
		{"within a minute", map[string]int64{"A": 0, "B": minute, "C": minute / 2}, map[string]int64{}},
		{"one ahead", map[string]int64{"A": 0, "B": 2 * minute, "C": 1}, map[string]int64{"B": 2*minute - 1}},
		{"one behind", map[string]int64{"A": 0, "B": -2 * minute, "C": 1}, map[string]int64{"B": -2 * minute}},
		{"two of four", map[string]int64{"A": 0, "B": 2 * minute, "C": 2 * minute, "D": 0}, map[string]int64{"B": 2 * minute, "C": 2 * minute}},
		{"of two the one ahead", map[string]int64{"A": 0, "B": 2 * minute}, map[string]int64{"B": 2 * minute}},
	} {
		reports := map[string]api.Node{"Z": {}} // of a version that tells no time
		for name, at := range test.times {
			reports[name] = api.Node{TimeMillis: now + at}
		}
		if got := wrongClocks(reports); !maps.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
}

// A node reports the time by which it acts, and the view of the cluster shows whose is wrong.
func TestFleet_ClockIsWrong_IsShownThroughEveryPort(t *testing.T) {
	f := newFleet(t, 3, "")
	f.ports["C"].now.Store(new(func() time.Time { return time.Now().Add(2 * time.Minute) }))
	for _, through := range f.names {
		v := f.view(through)
		for _, m := range v.Nodes {
			if off := m.ClockOff; (m.Name == "C") != (off > 110_000 && off < 130_000) || m.Name != "C" && off != 0 {
				t.Errorf("through %s: %s is %d ms off", through, m.Name, off)
			}
		}
	}
	f.ports["C"].now.Store(new(time.Now))
	if text, err := json.Marshal(f.view("A")); err != nil || strings.Contains(string(text), "clock_off") {
		t.Errorf("all clocks are right: %s, %v", text, err)
	}
}

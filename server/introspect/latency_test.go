package introspect

import (
	"testing"
	"time"
)

func TestLatency_Add_KeepsTheNewestSeconds(t *testing.T) {
	var l Latency
	for second := range int64(3 * latencySamples) {
		for _, millis := range []time.Duration{5, 9, 7} {
			l.Add(nil, time.Unix(second, 0), millis*time.Millisecond)
		}
	}
	list := l.history("command")
	if len(list) != latencySamples || list[0] != (latencySample{2 * latencySamples, 9}) {
		t.Errorf("%d samples, the first %v", len(list), list[0])
	}
}

package main

import (
	"testing"
	"time"
)

func TestProcess_ClockSetOff_IsTheClockOfTheNodeAndOfItsClients(t *testing.T) {
	_, p := startDemo(t, "--nodes", "2")
	b := p.supervisors.find("B")
	for _, offset := range []time.Duration{20 * time.Second, -20 * time.Second, 0} {
		if err := p.SetClock("B", offset); err != nil {
			t.Fatal(err)
		}
		for what, now := range map[string]func() time.Time{"node": b.node.Now, "client port": b.client.Now} {
			earliest := time.Now().Add(offset)
			got := now()
			if latest := time.Now().Add(offset); got.Before(earliest) || got.After(latest) {
				t.Errorf("the clock of the %s shows %v at an offset of %v, want %v to %v", what, got, offset, earliest, latest)
			}
		}
	}
}

package handoff

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestDeliverer_Hold_KeepsHintsUntilItEnds(t *testing.T) {
	for name, end := range map[string]func(*Deliverer){
		"released":         (*Deliverer).Release,
		"after its bound":  func(*Deliverer) { time.Sleep(MaxHold) },
		"held and release": func(d *Deliverer) { d.Hold(); d.Release() },
	} {
		t.Run(name, func(t *testing.T) {
			d, a, p := hinted(t, nil)
			b := ring.IDOf("B")
			p.up[b] = true
			synctest.Test(t, func(t *testing.T) {
				d.Hold()
				time.Sleep(MaxHold - time.Second)
				if d.deliver(t.Context(), b); len(a.Store.Hints().Targets()) != 1 || d.HeldSince().IsZero() {
					t.Fatalf("%d targets of hints, held since %v: want the hint held", len(a.Store.Hints().Targets()), d.HeldSince())
				}
				if d.Stats().Failures != 0 {
					t.Error("a hold counts as a failed delivery")
				}
				end(d)
				if d.deliver(t.Context(), b); len(a.Store.Hints().Targets()) != 0 || !d.HeldSince().IsZero() {
					t.Errorf("%d targets of hints, held since %v: want the hint delivered", len(a.Store.Hints().Targets()), d.HeldSince())
				}
			})
		})
	}
}

func TestDeliverer_HeldAgain_LastsLonger(t *testing.T) {
	d, _, _ := hinted(t, nil)
	synctest.Test(t, func(t *testing.T) {
		d.Hold()
		since := d.HeldSince()
		time.Sleep(MaxHold - time.Second)
		d.Hold()
		time.Sleep(MaxHold - time.Second)
		if got := d.HeldSince(); !got.Equal(since) {
			t.Errorf("held since %v, want %v", got, since)
		}
	})
}

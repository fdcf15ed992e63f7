package handoff

import "time"

// MaxHold bounds a hold, so that one that is forgotten costs no hint its life.
const MaxHold = 10 * time.Minute

// hold keeps hints where they are.
type hold struct {
	since time.Time // wall clock; zero: there is none
	end   time.Time // monotonic
}

// Hold keeps all hints from being delivered until Release is called, MaxHold has passed, or
// the node starts again. Hints are still stored. A request under way is finished. Another
// call while a hold is in force prolongs it.
func (d *Deliverer) Hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.hold.since.IsZero() {
		d.mu.hold.since = d.cfg.Now()
		d.cfg.Logger.Info("hints are held on request", "at_most", MaxHold)
	}
	d.mu.hold.end = time.Now().Add(MaxHold)
}

// Release ends a hold: hints are delivered now.
func (d *Deliverer) Release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.releaseLocked("released on request")
}

// HeldSince returns when Hold was called, by the wall clock; zero: hints are not held.
func (d *Deliverer) HeldSince() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.mu.hold.since.IsZero() && !time.Now().Before(d.mu.hold.end) {
		d.releaseLocked("the longest time of a hold is over")
	}
	return d.mu.hold.since
}

// held reports whether a hold is in force.
func (d *Deliverer) held() bool { return !d.HeldSince().IsZero() }

func (d *Deliverer) releaseLocked(why string) {
	if d.mu.hold.since.IsZero() {
		return
	}
	d.mu.hold = hold{}
	d.cfg.Logger.Info("hints are no longer held", "why", why)
	d.Trigger()
}

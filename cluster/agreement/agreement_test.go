package agreement

import (
	"errors"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
)

// disk is a state in memory.
type disk struct {
	saved map[string][]byte
	fails error
}

func (d *disk) Save(name string, data []byte) error {
	if d.fails != nil {
		return d.fails
	}
	d.saved[name] = data
	return nil
}

func (d *disk) Load(name string) ([]byte, error) { return d.saved[name], d.fails }

func TestAgreement_Reached_StaysSoAfterARestart(t *testing.T) {
	d := &disk{saved: map[string][]byte{}}
	all := false
	open := func() *Agreement { return New(d, "form", func() bool { return all }) }
	a := open()
	if a.Reached() {
		t.Error("reached while a member cannot read the form")
	}
	all, d.fails = true, errors.New("disk full")
	if a.Reached() {
		t.Error("reached though the disk did not keep it: a restart would forget it")
	}
	if d.fails = nil; !a.Reached() {
		t.Error("not reached though all members read the form")
	}
	all = false // a member is down, and nothing is known of it
	if again := open(); !again.Reached() {
		t.Error("forgotten by a restart")
	}
	if New(d, "other", func() bool { return false }).Reached() {
		t.Error("another form was never agreed on")
	}
}

func TestAll_AsksTheOthers(t *testing.T) {
	members := []ring.Member{{ID: 1}, {ID: 2}, {ID: 3}}
	old := func(id ring.NodeID) bool { return id != 2 }
	if All(members, 1, old) || !All(members, 2, old) {
		t.Error("want the answers of all members but the one that asks")
	}
}

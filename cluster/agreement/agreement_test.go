package agreement

import (
	"errors"
	"strings"
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

func TestAgreement_Err_StaysNilAfterARestart(t *testing.T) {
	d := &disk{saved: map[string][]byte{}}
	all := false
	waits := errors.New("waiting for C")
	asked := func() error {
		if all {
			return nil
		}
		return waits
	}
	open := func() *Agreement { return New(d, "form", asked) }
	a := open()
	if err := a.Err(); !errors.Is(err, waits) {
		t.Error("reached while a member cannot read the form")
	}
	all, d.fails = true, errors.New("disk full")
	if err := a.Err(); !errors.Is(err, d.fails) {
		t.Error("reached though the disk did not keep it: a restart would forget it")
	}
	if d.fails = nil; a.Err() != nil {
		t.Error("not reached though all members read the form")
	}
	all = false // a member is down, and nothing is known of it
	if again := open(); again.Err() != nil {
		t.Error("forgotten by a restart")
	}
	if New(d, "other", asked).Err() == nil {
		t.Error("another form was never agreed on")
	}
}

func TestAll_AsksTheOthers_AndNamesThoseThatAreWaitedFor(t *testing.T) {
	members := []ring.Member{{ID: 1, Name: "A"}, {ID: 2, Name: "B"}, {ID: 3, Name: "C"}}
	only := func(does, known bool, who ...ring.NodeID) func(ring.NodeID) (bool, bool) {
		return func(id ring.NodeID) (bool, bool) {
			for _, w := range who {
				if w == id {
					return does, known
				}
			}
			return true, true
		}
	}
	for _, test := range []struct {
		self  ring.NodeID
		reads func(ring.NodeID) (bool, bool)
		want  []string // parts of the error; none: no error
	}{
		{1, only(false, true), nil},
		{2, only(false, true, 2), nil}, // the one that asks
		{1, only(false, true, 2), []string{"waiting for B, which runs an older version (upgrade it)"}},
		{1, only(false, false, 3), []string{"waiting for C, which has not answered", "'quorate admin remove C'"}},
		{1, only(false, false, 2, 3), []string{"waiting for B, ", "; C, "}},
	} {
		err := All(members, test.self, test.reads)
		if (err == nil) != (test.want == nil) {
			t.Errorf("%+v: %v", test.want, err)
			continue
		}
		for _, part := range test.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("no %q in %v", part, err)
			}
		}
	}
}

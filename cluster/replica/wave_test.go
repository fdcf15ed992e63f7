package replica

import (
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/object"
)

// An update behind another one of its key reads for itself when that one was carried out
// elsewhere. The replica that it asks is checked for silence all the same.
func TestWave_FollowerThatReadsForItself_AsksAnotherReplica(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(0).waitFor(time.Millisecond)
	f := newWave(w.at(0).coordinator, []*Request{incr(w.key), incr(w.key)}, []int{0, 0}, origin{})
	defer f.leave()
	f.mu.Lock()
	head, follower := &f.mu.ops[0], &f.mu.ops[1]
	head.up = head.upNow()
	head.phase = phaseDone
	f.startReadLocked(1)
	before := follower.read.Tally()
	follower.since = time.Now().Add(-time.Second)
	f.mu.Unlock()
	f.checkSilent()
	after := follower.read.Tally()
	if before.Asked().Len() != 2 || after.Asked().Len() != 3 {
		t.Errorf("asked %b, and when the replica was silent %b", before.Asked(), after.Asked())
	}
}

// The pool keeps no value alive, also where an update of the wave before the last one left
// more siblings than the last.
func TestWave_Reset_KeepsNoValueAlive(t *testing.T) {
	f := buildWave().(*wave)
	room := []object.Sibling{{Value: object.Value{Data: []byte("first")}}, {Value: object.Value{Data: []byte("second")}}}
	f.next.Siblings = room[:1]
	f.reset()
	for i := range room {
		if room[i].Data != nil {
			t.Errorf("sibling %d still has the value %q", i, room[i].Data)
		}
	}
}

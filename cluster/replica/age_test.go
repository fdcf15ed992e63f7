package replica

import (
	"reflect"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// The first frame of a life may have been in a buffer for long: its client may have been
// answered by another coordinator, and have written something else.
func TestForward_FirstOfALife_IsMeasuredByTheAgeOfItsNode(t *testing.T) {
	for _, c := range []struct {
		what    string
		late    time.Duration // the frame is
		asking  fate          // what becomes of the question for the node's age
		refused bool
	}{
		{"in time", 0, arrives, false},
		{"late", 2 * time.Second, arrives, true},
		{"its node cannot be asked", 0, fails, true},
		{"late, of a node that does not know the question", 2 * time.Second, isUnknown, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
			w.at(4).coordinator.issuer.started = time.Now().Add(-time.Hour)
			w.at(0).must(set(w.key, "old"))
			w.decide(func(_ int, kind peer.Kind) fate {
				if kind == peer.Age {
					return c.asking
				}
				return arrives
			})
			arrived := time.Now()
			one := w.at(4).coordinator.issuer.issue()
			got := w.carryOutAs(one, 0, arrived.Add(-c.late), arrived, time.Second, register.Update{Kind: register.Set, Data: []byte("new")})
			want := "new"
			if c.refused {
				want = "old"
			}
			if reflect.DeepEqual(got, expired) != c.refused || got.Refused != c.refused {
				t.Errorf("the answer is %+v, want it refused: %v", got, c.refused)
			}
			if got := w.at(0).must(get(w.key)).plain(); got != want {
				t.Errorf("then a client reads %q, want %q", got, want)
			}
		})
	}
}

// What an earlier life of the node sent is carried out for nobody.
func TestForward_OfAnEarlierLife_IsNotCarriedOut(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	if c := w.at(0).coordinator; c.measure(w.at(4).id, w.at(4).coordinator.issuer.life+1) {
		t.Error("a life that the node does not have is measured")
	}
}

// A question that takes long makes all frames seem late, until another one is quicker.
func TestTransits_Asked_TheQuickestQuestionCounts(t *testing.T) {
	const from, life, ms = ring.NodeID(7), 1, time.Millisecond
	var all transits
	for _, q := range []struct {
		begun, answered, end time.Duration
		late                 time.Duration // a frame that arrives as soon as it was begun
	}{
		{100 * ms, 400 * ms, 700 * ms, 300 * ms},
		{800 * ms, 801 * ms, 802 * ms, ms},
		{900 * ms, 990 * ms, 999 * ms, ms},
	} {
		all.asked(from, message.Age{Life: life, Age: q.answered}, q.begun, q.end)
		if late, measured := all.lateness(from, life, q.end, q.end); late != q.late || !measured {
			t.Errorf("asked at %v, answered at %v: late by %v (measured: %v), want %v", q.begun, q.answered, late, measured, q.late)
		}
	}
}

package replica

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

func TestRefusals_KeepTheirMeaning(t *testing.T) {
	for _, want := range refusals {
		if got := errorOf(refusalOf(want)); !errors.Is(got, want) {
			t.Errorf("%v came back as %v", want, got)
		}
	}
	var quorum *NoQuorumError
	if got := errorOf(refusalOf(&NoQuorumError{Op: OpWrite, Needed: 3, Got: 1})); !errors.As(got, &quorum) || *quorum != (NoQuorumError{Op: OpWrite, Needed: 3, Got: 1}) {
		t.Errorf("a NoQuorumError came back as %v", got)
	}
	if got := errorOf(refusalOf(errors.New("anything"))); got == nil || got.Error() != "anything" {
		t.Errorf("a text came back as %v", got)
	}
	if got := errorOf(message.Refusal{Code: byte(len(refusals))}); got != nil {
		t.Errorf("an unknown code came back as %v", got)
	}
}

func TestSplitter_Split_CutsWhereOrderNeedsIt(t *testing.T) {
	get := func(k string) *Request { return &Request{Key: []byte(k)} }
	withR := func(r *Request, n int) *Request { r.R = n; return r }
	with := func(k string, u register.Update) *Request { return &Request{Key: []byte(k), Update: &u} }
	set := func(k string) *Request { return with(k, register.Update{Kind: register.Set}) }
	incr := func(k string) *Request { return with(k, register.Update{Kind: register.Increment, Amount: 1}) }
	del := func(k string) *Request { return with(k, register.Update{Kind: register.Delete}) }
	for name, c := range map[string]struct {
		reqs   []*Request
		want   int
		groups []int
	}{
		"different keys":          {[]*Request{set("a"), get("b"), incr("c")}, 3, []int{0, 1, 2}},
		"writes to one key":       {[]*Request{set("a"), set("b"), set("a")}, 3, []int{0, 1, 0}},
		"reads of one key":        {[]*Request{get("a"), get("a")}, 2, []int{0, 0}},
		"read after write":        {[]*Request{set("a"), set("b"), get("a")}, 2, []int{0, 1}},
		"reads of other quorums":  {[]*Request{get("a"), get("b"), withR(get("a"), 3)}, 2, []int{0, 1}},
		"updates of other reads":  {[]*Request{incr("a"), withR(incr("a"), 3)}, 1, []int{0}},
		"blind writes need no R":  {[]*Request{set("a"), withR(set("a"), 3)}, 2, []int{0, 0}},
		"write after read":        {[]*Request{get("a"), set("a")}, 1, []int{0}},
		"blind after computing":   {[]*Request{incr("a"), set("a")}, 1, []int{0}},
		"other coordinator":       {[]*Request{del("a"), incr("a")}, 1, []int{0}},
		"increments share a wave": {[]*Request{incr("a"), incr("a"), incr("a")}, 3, []int{0, 0, 0}},
	} {
		w := &splitter{first: make(map[uint64]int)}
		if got := w.split(c.reqs); got != c.want || !reflect.DeepEqual(w.groups, c.groups) {
			t.Errorf("%s: %d in the wave with groups %v, want %d with %v", name, got, w.groups, c.want, c.groups)
		}
	}
}

func TestForward_CoordinatorFails_NextOneGetsWhatMayRunTwice(t *testing.T) {
	for name, what := range map[string]fate{"broken": fails, "silent": stalls} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usual, 3*time.Second, "A", "B", "C", "D", "E")
			w.decide(func(to int, kind peer.Kind) fate {
				if to == 0 && kind == peer.Forward {
					return what
				}
				return arrives
			})
			w.at(4).waitFor(time.Second) // the second primary is in time for sure
			reqs := []*Request{set(w.key, "1"), set(w.key, "2"), incr(w.key), get(w.key)}
			w.at(4).do(reqs...)
			for _, i := range []int{0, 1, 3} {
				if err := reqs[i].Err; err != nil {
					t.Fatalf("request %d: %v", i, err)
				}
			}
			if err := reqs[2].Err; !errors.Is(err, ErrUnknownOutcome) {
				t.Errorf("INCR: %v, want that its outcome is unknown", err)
			}
			if got := reqs[3].plain(); got != "2" {
				t.Fatalf("read %q", got)
			}
			if reqs[0].Result.Dot.Actor.Node != w.at(1).id {
				t.Error("the second primary did not coordinate")
			}
		})
	}
}

// An INCR that was not sent to the first primary goes to the next one.
func TestForward_NothingSent_ComputedByTheNextPrimary(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.setDown(0)
	reqs := []*Request{incr(w.key), incr(w.key)}
	w.at(4).do(reqs...)
	if reqs[1].Err != nil || reqs[1].Result.Number != 2 || reqs[1].Result.Dot.Actor.Node != w.at(1).id {
		t.Errorf("%v, %+v", reqs[1].Err, reqs[1].Result)
	}
}

// A node that was chosen for an INCR, and from which an earlier primary can be reached,
// sends it there.
func TestForward_ChosenByMistake_SendsAnIncrementToTheFirstPrimary(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	got := w.carryOut(1, time.Now(), long, register.Update{Kind: register.Increment, Amount: 1})
	if got.Refused {
		t.Fatalf("refused: %+v", got.Refusal)
	}
	result, err := register.DecodeResult(got.Result)
	if err != nil || result.Number != 1 || result.Dot.Actor.Node != w.at(0).id {
		t.Errorf("%v, %+v", err, result)
	}
}

// A forwarded update that comes too late, because this process or the network stood
// still, changes nothing.
func TestForward_TooLate_IsNotCarriedOut(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(0).must(set(w.key, "old"))
	if got := w.carryOut(0, time.Now().Add(-2*time.Second), time.Second, register.Update{Kind: register.Set, Data: []byte("late")}); !reflect.DeepEqual(got, expired) {
		t.Errorf("after its time: %+v", got)
	}
	if got := w.at(0).must(get(w.key)).plain(); got != "old" {
		t.Errorf("read %q", got)
	}
}

// The time of a forwarded update ends while it is under way: its replicas, which it must
// read from, answer after that.
func TestForward_TimeEndsUnderWay_IsNotCarriedOut(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(0).must(set(w.key, "old"))
	w.decide(func(_ int, kind peer.Kind) fate {
		if kind == peer.Read {
			return isLate
		}
		return arrives
	})
	const budget = 200 * time.Millisecond
	started, got := time.Now(), make(chan message.ForwardAnswer)
	go func() { got <- w.carryOut(0, started, budget, register.Update{Kind: register.Delete}) }()
	poll.Until(w.tb, "its time to be over", func() bool { return time.Since(started) > budget })
	w.decide(nil)
	w.release()
	if got := <-got; !reflect.DeepEqual(got, expired) {
		t.Errorf("%+v", got)
	}
	if got := w.at(0).must(get(w.key)).plain(); got != "old" {
		t.Errorf("read %q", got)
	}
}

// A coordinator may begin for less time than the sender waits: an update that it begins
// at the last moment is answered in time.
func TestForward_Budget_LeavesTimeForTheAnswer(t *testing.T) {
	w := newWorld(t, usual, time.Hour, "A", "B", "C", "D", "E")
	f := newWave(w.at(4).coordinator, []*Request{incr(w.key)}, nil, origin{})
	defer f.leave()
	o := &f.mu.ops[0]
	for _, c := range []struct{ left, startBy, want time.Duration }{
		{left: time.Minute, want: time.Minute - mostGrace},
		{left: 100 * time.Millisecond, want: 50 * time.Millisecond},
		{left: -time.Second, want: 0},
		{left: time.Minute, startBy: time.Second, want: time.Second}, // as it was sent here
		{left: time.Minute, startBy: 2 * time.Minute, want: time.Minute - mostGrace},
	} {
		now := f.deadline().Add(-c.left)
		if o.req.issue.startBy = (time.Time{}); c.startBy != 0 {
			o.req.issue.startBy = now.Add(c.startBy)
		}
		if got := o.budget(now); got != c.want {
			t.Errorf("%v before the deadline, to begin within %v: %v, want %v", c.left, c.startBy, got, c.want)
		}
	}
}

// The old form of a forward is carried out too, whatever the clocks say at the scale of
// milliseconds.
func TestForward_OldForm_IsCarriedOut(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	u := register.Update{Kind: register.Set, Data: []byte("v")}
	for name, c := range map[string]struct {
		startBy time.Time
		late    bool
	}{"in time": {startBy: time.Now().Add(time.Second)}, "clocks differ": {startBy: time.Now().Add(-time.Second)}, "late": {time.Now().Add(-time.Minute), true}} {
		body := message.ForwardHeader{StartBy: c.startBy.UnixMilli(), Stamp: causal.TimestampOf(time.Now().UnixMilli())}.Append(nil)
		body = message.Forward{Key: w.key, Update: u.Append(nil)}.Append(message.AppendCount(body, 1))
		answer, err := w.at(0).coordinator.carryOut(w.at(4).id, time.Now(), body)
		if err != nil {
			t.Fatal(err)
		}
		d := wire.NewReader(answer)
		if got := message.ReadForwardAnswer(&d); got.Refused != c.late {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A client writes through A, and then through a node whose clock is behind. The coordinator of
// the second write does not have the first: it comes later all the same.
func TestForward_ClockOfItsNodeIsBehind_ComesAfterWhatWasAcknowledged(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 3, W: 2}, long, "A", "B", "C", "D", "E")
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 1 && kind == peer.Write {
			return stalls
		}
		return arrives
	})
	first := set(w.key, "first")
	if w.at(0).do(first); first.Err != nil {
		t.Fatal(first.Err)
	}
	behind := w.at(4).coordinator.issuer.issue()
	behind.Stamp = causal.TimestampOf(time.Now().Add(-5 * time.Second).UnixMilli())
	time.Sleep(2 * time.Millisecond) // the clocks of A and B are right, to the millisecond
	if got := w.carryOutAs(behind, 1, time.Now(), time.Now(), long, register.Update{Kind: register.Set, Data: []byte("second")}); got.Refused {
		t.Fatalf("%+v", got)
	}
	w.decide(func(int, peer.Kind) fate { return arrives })
	r := get(w.key)
	if w.at(2).do(r); r.Err != nil || r.plain() != "second" {
		t.Errorf("%q, %v, of %+v", r.plain(), r.Err, r.Object.Siblings)
	}
}

// Two coordinators carry out one update, because the first one was slow. Its versions are
// one value to a reader, and go together; and a coordinator that has it answers with it.
func TestForward_SentToTwo_IsOneUpdate(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 3, W: 1}, long, "A", "B", "C", "D", "E")
	w.decide(func(to int, kind peer.Kind) fate {
		if kind == peer.Write {
			return stalls
		}
		return arrives
	})
	u := register.Update{Kind: register.Set, Data: []byte("v"), HasContext: true}
	one := w.at(4).coordinator.issuer.issue()
	var dots []causal.Dot
	for _, place := range []int{0, 1, 0} {
		got := w.carryOutAs(one, place, time.Now(), time.Now(), long, u)
		result, err := register.DecodeResult(got.Result)
		if err != nil || !result.Applied {
			t.Fatalf("%+v: %v", got, err)
		}
		dots = append(dots, result.Dot)
	}
	if dots[0] == dots[1] || dots[2] != dots[0] {
		t.Errorf("made by the coordinators: %v", dots)
	}
	r := get(w.key)
	if w.at(2).do(r); r.Err != nil || len(r.Object.Siblings) != 1 {
		t.Fatalf("%v, %+v", r.Err, r.Object)
	}

	// A client writes with the context of one of them, at a node that has the other.
	w.decide(func(int, peer.Kind) fate { return arrives })
	next := set(w.key, "next")
	next.Update.HasContext, next.Update.Context = true, causal.Context{Vector: causal.Vector{{Actor: dots[0].Actor, Counter: dots[0].Counter, Time: 1}}}
	if w.at(0).do(next); next.Err != nil {
		t.Fatal(next.Err)
	}
	r = get(w.key)
	if w.at(2).do(r); r.Err != nil || r.plain() != "next" || len(r.Object.Siblings) != 1 {
		t.Errorf("%v, %+v", r.Err, r.Object)
	}
	got := w.carryOutAs(one, 1, time.Now(), time.Now(), long, u)
	if result, err := register.DecodeResult(got.Result); err != nil || !result.Applied {
		t.Errorf("once more: %+v, %v", got, err)
	}
	r = get(w.key)
	if w.at(2).do(r); r.Err != nil || r.plain() != "next" || len(r.Object.Siblings) != 1 {
		t.Errorf("after it came once more: %v, %+v", r.Err, r.Object)
	}
}

// A node has its second update carried out by a coordinator that does not have the first
// one. The first was answered before the second was sent, so it is replaced, wherever it is.
func TestForward_EarlierOneIsFinished_IsReplacedWhereverItIs(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 3, W: 1}, long, "A", "B", "C", "D", "E")
	w.decide(func(_ int, kind peer.Kind) fate {
		if kind == peer.Write {
			return stalls
		}
		return arrives
	})
	issuer := w.at(4).coordinator.issuer
	for place, value := range []string{"first", "second"} {
		one := issuer.issue()
		if got := w.carryOutAs(one, place, time.Now(), time.Now(), long, register.Update{Kind: register.Set, Data: []byte(value)}); got.Refused {
			t.Fatalf("%+v", got)
		}
		issuer.finish(one)
	}
	if r := w.at(2).must(get(w.key)); r.plain() != "second" || len(r.Object.Siblings) != 1 {
		t.Errorf("read %q of %+v", r.plain(), r.Object.Siblings)
	}
}

// A deletion whose read met one primary that lacks the value, and a fallback that never had
// it, deletes the value all the same.
func TestDelete_TooFewPrimariesAnswer_DeletesWhatItDoesNotFind(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 2 {
			return stalls
		}
		return arrives
	})
	before := set(w.key, "v")
	if w.at(0).do(before); before.Err != nil {
		t.Fatal(before.Err)
	}
	w.decide(func(to int, kind peer.Kind) fate {
		if to < 2 && kind == peer.Read {
			return stalls
		}
		return arrives
	})
	w.at(2).waitFor(50 * time.Millisecond)
	del := &Request{Key: w.key, Update: &register.Update{Kind: register.Delete}}
	if w.at(2).do(del); del.Err != nil || del.Result.Existed {
		t.Fatalf("%v, %+v", del.Err, del.Result)
	}
	w.decide(func(int, peer.Kind) fate { return arrives })
	r := get(w.key)
	r.R = 3
	if w.at(0).do(r); r.Err != nil || r.plain() != "-" {
		t.Errorf("%v, %q", r.Err, r.plain())
	}
}

// expired is the answer to an update that came after its time.
var expired = message.ForwardAnswer{Refused: true, Refusal: refusalOf(errExpired)}

// carryOut gives the node at a place an update that arrived from the last one of the walk,
// and returns its answer. A result is not compared.
func (w *world) carryOut(place int, arrived time.Time, budget time.Duration, u register.Update) message.ForwardAnswer {
	w.tb.Helper()
	return w.carryOutAs(w.at(4).coordinator.issuer.issue(), place, arrived, arrived, budget, u)
}

// carryOutAs does so with an update of a given origin, whose frame was begun some time before.
func (w *world) carryOutAs(one causal.Origin, place int, begun, arrived time.Time, budget time.Duration, u register.Update) message.ForwardAnswer {
	w.tb.Helper()
	from := w.at(4).coordinator.issuer
	body := message.ForwardHeader{Life: from.life, Sent: from.age(begun), Low: min(from.low(), one.Stamp)}.Append(nil)
	body = message.Forward{Origin: one, Budget: budget, Key: w.key, Update: u.Append(nil)}.Append(message.AppendCount(body, 1))
	answer, err := w.at(place).coordinator.carryOut(w.at(4).id, arrived, body)
	if err != nil {
		w.tb.Fatal(err)
	}
	d := wire.NewReader(answer)
	return message.ReadForwardAnswer(&d)
}

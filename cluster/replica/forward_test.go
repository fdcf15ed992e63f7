package replica

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/peer"
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

func TestForward_CoordinatorFails_NextOneIsAsked(t *testing.T) {
	for name, what := range map[string]fate{"broken": fails, "silent": stalls} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
			w.decide(func(to int, kind peer.Kind) fate {
				if to == 0 && kind == peer.Forward {
					return what
				}
				return arrives
			})
			if what == fails {
				w.at(4).waitFor(long)
			} else {
				w.at(4).waitFor(time.Second) // the second primary is in time for sure
			}
			reqs := []*Request{set(w.key, "1"), set(w.key, "2"), incr(w.key), get(w.key)}
			w.at(4).do(reqs...)
			for i, r := range reqs {
				if r.Err != nil {
					t.Fatalf("request %d: %v", i, r.Err)
				}
			}
			if got := reqs[3].plain(); got != "3" {
				t.Fatalf("read %q", got)
			}
			if reqs[0].Result.Dot.Actor.Node != w.at(1).id {
				t.Error("the second primary did not coordinate")
			}
		})
	}
}

package gossip

import (
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestRejoiner_SilentMember_IsTriedLessAndLessButAlways(t *testing.T) {
	var r rejoiner
	r.init()
	r.set(map[ring.NodeID]string{1: "a:1"})
	now := time.Unix(1000, 0)
	var longest time.Duration
	for range 20 {
		addr, _ := r.due(now, nil)
		if addr != "a:1" {
			t.Fatalf("nothing is due at %v", now)
		}
		addr, wait := r.due(now, nil)
		if addr != "" || wait <= 0 || wait > lastRejoin {
			t.Fatalf("after an attempt: %q due, wait %v", addr, wait)
		}
		longest = max(longest, wait)
		now = now.Add(wait)
	}
	if longest < lastRejoin/2 {
		t.Errorf("the longest pause was %v: it never grew", longest)
	}
}

func TestRejoiner_WhatItIsTold_DecidesWhomItTries(t *testing.T) {
	var r rejoiner
	r.init()
	now := time.Unix(1000, 0)
	r.set(map[ring.NodeID]string{1: "a:1", 2: "b:2"})
	r.seen(1)
	if addr, _ := r.due(now, map[ring.NodeID]bool{2: true}); addr != "" {
		t.Errorf("tries %s though both are alive", addr)
	}
	r.lost(1)
	if addr, _ := r.due(now, map[ring.NodeID]bool{2: true}); addr != "a:1" {
		t.Errorf("due is %q after a was lost", addr)
	}
	r.set(map[ring.NodeID]string{1: "a:9", 2: "b:2"})
	if addr, _ := r.due(now, map[ring.NodeID]bool{2: true}); addr != "a:9" {
		t.Errorf("due is %q after a moved: want its new address at once", addr)
	}
	r.set(map[ring.NodeID]string{2: "b:2"})
	if addr, _ := r.due(now.Add(time.Hour), map[ring.NodeID]bool{2: true}); addr != "" {
		t.Errorf("tries %s, which is no member any more", addr)
	}
	if got := r.size(); got != 2 {
		t.Errorf("size is %d, want 2", got)
	}
}

func TestRejoiner_SilentMemberReachedOtherwise_IsTriedAtOnce(t *testing.T) {
	var r rejoiner
	r.init()
	r.set(map[ring.NodeID]string{1: "a:1", 2: "b:2"})
	r.seen(2)
	now := time.Unix(1000, 0)
	if addr, _ := r.due(now, nil); addr != "a:1" {
		t.Fatalf("due is %q", addr)
	}
	r.expedite(2) // alive: nothing to do
	r.expedite(3) // no member
	if addr, _ := r.due(now, nil); addr != "" {
		t.Fatalf("due is %q though it was just tried", addr)
	}
	<-r.wake // of set
	r.expedite(1)
	if addr, _ := r.due(now, nil); addr != "a:1" {
		t.Errorf("due is %q", addr)
	}
	select {
	case <-r.wake:
	default:
		t.Error("the loop was not woken")
	}
}

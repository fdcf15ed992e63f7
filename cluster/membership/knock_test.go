package membership

import (
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestKnocker_SilentMember_IsKnockedOnLessAndLessButAlways(t *testing.T) {
	var k knocker
	k.init()
	k.set(map[ring.NodeID]string{1: "a:1"})
	now := time.Unix(1000, 0)
	var longest time.Duration
	for range 20 {
		addr, _ := k.due(now, nil)
		if addr != "a:1" {
			t.Fatalf("no knock due at %v", now)
		}
		addr, wait := k.due(now, nil)
		if addr != "" || wait <= 0 || wait > lastKnock {
			t.Fatalf("after a knock: %q due, wait %v", addr, wait)
		}
		longest = max(longest, wait)
		now = now.Add(wait)
	}
	if longest < lastKnock/2 {
		t.Errorf("the longest pause was %v: it never grew", longest)
	}
}

func TestKnocker_WhatItIsTold_DecidesWhomItKnocksOn(t *testing.T) {
	var k knocker
	k.init()
	now := time.Unix(1000, 0)
	k.set(map[ring.NodeID]string{1: "a:1", 2: "b:2"})
	k.seen(1)
	if addr, _ := k.due(now, map[ring.NodeID]bool{2: true}); addr != "" {
		t.Errorf("knocks on %s though both are alive", addr)
	}
	k.lost(1)
	if addr, _ := k.due(now, map[ring.NodeID]bool{2: true}); addr != "a:1" {
		t.Errorf("due is %q after a was lost", addr)
	}
	k.set(map[ring.NodeID]string{1: "a:9", 2: "b:2"})
	if addr, _ := k.due(now, map[ring.NodeID]bool{2: true}); addr != "a:9" {
		t.Errorf("due is %q after a moved: want its new address at once", addr)
	}
	k.set(map[ring.NodeID]string{2: "b:2"})
	if addr, _ := k.due(now.Add(time.Hour), map[ring.NodeID]bool{2: true}); addr != "" {
		t.Errorf("knocks on %s, which is no member any more", addr)
	}
	if got := k.size(); got != 2 {
		t.Errorf("size is %d, want 2", got)
	}
}

func TestKnocker_SilentMemberReachedOtherwise_IsKnockedOnAtOnce(t *testing.T) {
	var k knocker
	k.init()
	k.set(map[ring.NodeID]string{1: "a:1", 2: "b:2"})
	k.seen(2)
	now := time.Unix(1000, 0)
	if addr, _ := k.due(now, nil); addr != "a:1" {
		t.Fatalf("due is %q", addr)
	}
	k.hurry(2) // alive: nothing to do
	k.hurry(3) // no member
	if addr, _ := k.due(now, nil); addr != "" {
		t.Fatalf("due is %q though it was knocked on", addr)
	}
	<-k.wake // of set
	k.hurry(1)
	if addr, _ := k.due(now, nil); addr != "a:1" {
		t.Errorf("due is %q", addr)
	}
	select {
	case <-k.wake:
	default:
		t.Error("whoever knocks was not woken")
	}
}

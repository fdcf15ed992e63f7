package cluster_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/testnodes"
)

func TestNode_Alone_ServesAndRemembers(t *testing.T) {
	w := testnodes.New(t)
	n := w.Start(w.Config("A"))
	n.MustSet("k", "v")
	n.Require("k", "v")
	w.Start(w.Crash("A")).Require("k", "v")
}

func TestCluster_TwoOfFiveDie_WritesGoOnAndNothingIsLost(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C", "D", "E")
	written := make(map[string]string)
	write := func(from string, n int) {
		t.Helper()
		for i := range n {
			key, value := fmt.Sprintf("key:%d", len(written)), fmt.Sprint("v", i)
			w.Node(from).MustSet(key, value)
			written[key] = value
		}
	}
	write("A", 100)
	cfgB := w.Crash("B")
	write("D", 100)
	cfgC := w.Crash("C")
	write("E", 100)
	w.Start(cfgB)
	w.Start(cfgC)
	w.Settle()
	for key, value := range written {
		for _, n := range w.All() {
			n.Require(key, value)
		}
	}
	w.Eventually("all replicas to be identical", w.Identical)
}

func TestCluster_JoinAndLeave_MoveTheData(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	for i := range 300 {
		w.Node("A").MustSet(fmt.Sprint("k", i), fmt.Sprint("v", i))
	}
	w.Grow("D")
	w.Eventually("all replicas to be identical", w.Identical)
	if err := w.Node("A").Changes().Leave(t.Context(), w.Node("B").ID()); err != nil {
		t.Fatal(err)
	}
	again := w.AwaitLeft("B")
	w.Settle()

	// Its directory does not bring it back, whatever it is told to join.
	left := w.Node("A").Ring().Version()
	again.Join = []string{w.Node("A").Config.AdvertisePeerAddr}
	back := w.Make(again)
	if err := back.Run(t.Context()); !errors.Is(err, membership.ErrLeft) {
		t.Fatalf("restarted, it ended with %v", err)
	}
	w.Settle()
	if now := w.Node("A").Ring().Version(); now != left {
		t.Errorf("the ring changed from version %d to %d", left, now)
	}
	for i := range 300 {
		for _, n := range w.All() {
			n.Require(fmt.Sprint("k", i), fmt.Sprint("v", i))
		}
	}
}

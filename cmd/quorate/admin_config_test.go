package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

func TestAdmin_Config_SaysWhatWillBeInForce(t *testing.T) {
	five := []api.Member{{Status: "up"}, {Status: "up"}, {Status: "down"}, {Status: "up"}, {Status: "suspect"}}
	for _, test := range []struct {
		q       api.Quorums
		members []api.Member
		want    []string
	}{
		{api.Quorums{N: 16, R: 2, W: 16}, five, []string{"will be in force until there are 16 nodes: n=5 r=2 w=5\n", "needs all 5 nodes"}},
		{api.Quorums{N: 5, R: 1, W: 4}, append(five[:4:4], api.Member{Status: "leaving"}), []string{"until there are 5 nodes: n=4 r=1 w=4\n", "needs all 4 nodes"}},
		{api.Quorums{N: 3, R: 2, W: 2}, five, nil},
		{api.Quorums{N: 1, R: 1, W: 1}, five, nil},
	} {
		var out strings.Builder
		printAhead(&out, test.q, test.members)
		if (out.Len() == 0) != (test.want == nil) {
			t.Errorf("%+v: %q", test.q, out.String())
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%+v: no %q in %q", test.q, want, out.String())
			}
		}
	}
}

// What was acknowledged by two of three is not sure to be met by a read of one.
func TestAdmin_Config_SaysWhenReadsMayMissOlderWrites(t *testing.T) {
	for _, test := range []struct {
		before, now api.Quorums
		want        bool
	}{
		{api.Quorums{N: 3, R: 2, W: 2}, api.Quorums{N: 3, R: 1, W: 3}, true},
		{api.Quorums{N: 3, R: 3, W: 1}, api.Quorums{N: 3, R: 2, W: 2}, true},
		{api.Quorums{N: 3, R: 1, W: 3}, api.Quorums{N: 3, R: 2, W: 2}, false},
		{api.Quorums{N: 3, R: 2, W: 2}, api.Quorums{N: 3, R: 2, W: 3}, false},
		{api.Quorums{N: 3, R: 2, W: 2}, api.Quorums{N: 3, R: 1, W: 1}, false}, // nor later ones
	} {
		var out strings.Builder
		printOlderWrites(&out, test.before, test.now)
		if (out.Len() > 0) != test.want || test.want && !strings.Contains(out.String(), fmt.Sprintf("(r=%d)", test.now.R)) {
			t.Errorf("from %+v to %+v: %q", test.before, test.now, out.String())
		}
	}
}

func TestServer_ImpossibleN_IsTheOnlyFault(t *testing.T) {
	cli, err := parse(t, "server", "--n", "0")
	if err != nil {
		t.Fatal(err)
	}
	fault := cli.Server.check()
	if fault == nil || strings.Contains(fault.Error(), "\n") || !strings.Contains(fault.Error(), "16") {
		t.Errorf("--n 0: %v, want one fault that names the most, 16", fault)
	}
}

package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestBudgetFiles_Shares_FitTheLimit(t *testing.T) {
	for _, test := range []struct {
		limit uint64
		nodes int
		want  fileBudget
	}{
		{512, 1, fileBudget{store: 64, peers: 32, admin: 32, clients: 64}},
		{1024, 1, fileBudget{store: 128, peers: 128, admin: 64, clients: 384}},
		{8192, 8, fileBudget{store: 128, peers: 128, admin: 64, clients: 384}},
		{40_000, 53, fileBudget{store: 94, peers: 106, admin: 47, clients: 187}}, // streams to all of fifty nodes
		{20_000, 1, fileBudget{store: 1000, peers: 1024, admin: 1024, clients: 16_632}},
		{1 << 63, 1, fileBudget{store: 1000, peers: 1024, admin: 1024, clients: 1 << 20}},
		{64, 1, fileBudget{store: 64, peers: 32, admin: 32, clients: 64}}, // a warning tells
	} {
		got := budgetFiles(test.limit, test.nodes)
		if got != test.want {
			t.Errorf("%d files, %d nodes: %+v, want %+v", test.limit, test.nodes, got, test.want)
		}
		sum := uint64(test.nodes * (got.store + got.peers + got.admin + got.clients + otherFiles))
		if test.limit >= uint64(test.nodes*leastFilesOf(test.nodes)) && sum > test.limit {
			t.Errorf("%d files, %d nodes: the shares are %d", test.limit, test.nodes, sum)
		}
	}
}

func TestLimitFiles_MaxClients_IsLoweredAndLogged(t *testing.T) {
	limit, known := openFileLimit()
	if !known {
		t.Skip("this system has no limit of open files")
	}
	cli, err := parse(t, "server", "--maxclients", "1048576")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := &cli.Server.settings
	s.limitFiles(1, slog.New(slog.NewTextHandler(&log, nil)))
	want := int64(budgetFiles(limit, 1).clients)
	if s.client.MaxClients != want || s.client.MostClients != want {
		t.Errorf("maxclients %d, at most %d, want %d", s.client.MaxClients, s.client.MostClients, want)
	}
	if lowered := strings.Contains(log.String(), "maxclients is lowered"); lowered != (want < 1<<20) {
		t.Errorf("log: %s", log.String())
	}
}

// The lanes of a node fit the files that are left for peers, in a cluster of 64 nodes.
func TestFileBudget_Lanes_FitTheShareOfPeers(t *testing.T) {
	for _, test := range []struct {
		limit                   uint64
		processors, nodes       int
		wantLanes, wantAccepted int
	}{
		{limit: 1 << 20, processors: 2, nodes: 1, wantLanes: 1, wantAccepted: 1024},
		{limit: 1 << 20, processors: 8, nodes: 1, wantLanes: 4, wantAccepted: 1024 - 3*64},
		{limit: 1 << 20, processors: 64, nodes: 1, wantLanes: 8, wantAccepted: 64 * 9},
		{limit: 1 << 20, processors: 8, nodes: 5, wantLanes: 1, wantAccepted: 1024}, // a demo
		{limit: 1024, processors: 64, nodes: 1, wantLanes: 1, wantAccepted: 128},
		{limit: 4096, processors: 64, nodes: 1, wantLanes: 5, wantAccepted: 704 - 4*64},
	} {
		lanes, accepted := budgetFiles(test.limit, test.nodes).lanes(test.processors, test.nodes)
		if lanes != test.wantLanes || accepted != test.wantAccepted {
			t.Errorf("%d files, %d processors, %d nodes: %d lanes, %d streams accepted, want %d and %d",
				test.limit, test.processors, test.nodes, lanes, accepted, test.wantLanes, test.wantAccepted)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/quorate/quorate/admin/api"
)

// answers are what a port answers, by method and path.
var answers = map[string]any{
	"GET /api/cluster": api.Cluster{N: 3, R: 2, W: 2, Effective: api.Quorums{N: 3, R: 2, W: 2}, Partitions: 4, RingVersion: 7, Self: "A", Nodes: []api.Member{
		{Name: "A", Status: "up", Alive: true, Zone: "east", ClientAddr: "127.0.0.1:7001", PeerAddr: "127.0.0.1:7946", AdminAddr: "127.0.0.1:8001", Tokens: 3, Keys: new(int64(12)), Bytes: new(int64(3400)), Hints: new(int64(2)), UptimeS: new(90.4)},
		{Name: "B", Status: "joining", ClientAddr: "127.0.0.1:7002", PeerAddr: "127.0.0.1:7947", AdminAddr: "127.0.0.1:8002", Tokens: 1},
	}},
	"GET /api/problems": api.Problems{Problems: []api.Problem{}},
	"GET /api/settings": api.Settings{Settings: []api.Setting{{Name: "conflict-resolution", Value: "merge", Writer: "B"}}},
	"GET /api/ring": api.Ring{Partitions: 4, Slots: 16384, Version: 7, N: 2, Owners: []string{"A", "A", "A", "B"}, Next: &[]string{"A", "B", "A", "B"},
		Primaries: [][]string{{"A", "B"}, {"A", "B"}, {"A", "B"}, {"B", "A"}}, Nodes: []api.RingNode{{Name: "A", Status: "up"}, {Name: "B", Status: "joining"}}},
	"GET /api/ring/key/a%2Fb": api.KeyPlace{Slot: 9, Partition: 2, Coordinator: "B", PreferenceList: []api.Place{{Node: "A", Role: "primary"}, {Node: "B", Role: "primary", Alive: true}}},
	"GET /api/versions/k": api.Versions{Missing: []string{"C"}, Versions: []api.Version{
		{ID: "A:1", Node: "A", Value: "x\ny", Bytes: 3}, {ID: "B:1", Node: "B", Parents: []string{"A:1"}, Tombstone: true, Current: true},
		{ID: "B:2", Node: "B", Value: strings.Repeat("long ", 20), Bytes: 100}, {ID: "B:3", Node: "B", Encoding: "base64", Bytes: 7},
	}},
	"GET /api/versions/none": api.Versions{Complete: true, Versions: []api.Version{}},
	"GET /api/versions/old":  api.Versions{Versions: []api.Version{}, Missing: []string{"C"}},
	"GET /api/operations": api.Operations{
		Nodes: []api.Repair{{
			Node: "A", Pairs: api.Pairs{Pairs: 8, Equal: 7, Failing: 1, KeysExchanged: 3, Failures: []api.PairFailure{{Partition: 3, Peer: "B", Error: "no stream"}}},
			Hints: api.Hints{Targets: []api.HintTarget{{Node: "B", Count: 2, Bytes: 70}}},
		}},
		Operations: []api.Operation{{ID: "A-1", Kind: "gain", Subject: "partitions of a ring change", State: "running", Partitions: api.Amount{Done: 3, Total: 64}, Keys: api.Amount{Done: 123456}, Bytes: api.Amount{Done: 123456789}, BytesPerSecond: 1234567, LeftMillis: 61_400}},
	},
	"GET /api/events?level=warn&limit=5&node=A": api.Events{Events: []api.LogEvent{{Node: "A", Level: "warn", Text: "hint delivery stopped, and is tried again until it succeeds", Fields: map[string]string{"peer": "B", "err": "no room"}}}},
	"POST /api/merkle/sync":                     api.SyncAnswer{Nodes: []api.SyncedNode{{Node: "A", KeysExchanged: 5}, {Node: "B", Error: "A does not answer"}}},
	"POST /api/node/drain":                      api.Drain{Node: "A", DrainingMillis: 5},
	"DELETE /api/node/drain":                    api.Drain{Node: "A"},
	"GET /api/merkle":                           api.Merkle{},
	"POST /api/repair/pause":                    api.RepairPause{Nodes: []api.PausedNode{{Node: "A", PausedMillis: 5}}, Missing: []string{"B"}},
	"POST /api/repair/pause?local=1":            api.RepairPause{Nodes: []api.PausedNode{{Node: "A", PausedMillis: 5}}},
	"POST /api/repair/resume":                   api.RepairPause{Nodes: []api.PausedNode{{Node: "A"}, {Node: "B"}}},
	"GET /api/plan/leave/C": api.Plan{Change: "leave", Node: "C", Copies: 2, N: 3, InTransition: true, Partitions: 3, Keys: 4200, Bytes: 5 << 20, Missing: []string{"D"}, Nodes: []api.PlanNode{
		{Node: "A", TokensBefore: 2, TokensAfter: 3, PartitionsBefore: 5, PartitionsAfter: 8, Gains: 3, GainsKeys: 4200, GainsBytes: 5 << 20, DiskFree: new(int64(1 << 20))},
		{Node: "C", TokensBefore: 1, PartitionsBefore: 3, Drops: 3},
	}},
	"POST /api/nodes":            api.MemberChange{Name: "C", Status: "joining"},
	"POST /api/cluster/config":   api.QuorumAnswer{Quorums: api.Quorums{N: 3, R: 1, W: 3}},
	"DELETE /api/operations/A-1": api.Operation{ID: "A-1", State: "cancelled"},
}

// fakePort serves the answers, and counts the requests.
func fakePort(t *testing.T, asked *atomic.Int64) string {
	t.Helper()
	port := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer, ok := answers[r.Method+" "+r.RequestURI]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			answer = api.Refusal{Error: "no such page: " + r.Method + " " + r.RequestURI}
		}
		text, err := json.Marshal(answer)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(text)
	}))
	t.Cleanup(port.Close)
	return port.URL
}

func TestAdmin_EachCommand_PrintsItsAnswerInLinesOfTheTerminalOrAsJSON(t *testing.T) {
	var asked atomic.Int64
	at := fakePort(t, &asked)
	for _, test := range []struct {
		args string
		code int
		want string // a regular expression
	}{
		{"status", 0, `NODE  STATUS         TOKENS  KEYS  BYTES    HINTS  CLIENT\nA     up             3       12    3\.3 KiB  2      127\.0\.0\.1:7001\nB     joining, down  1       \?     \?        \?      127\.0\.0\.1:7002\nno problems\n$`},
		{"problems", 0, `^no problems\n$`},
		{"nodes", 0, `^NODE  STATUS         ZONE  UP     CLIENT          PEER            ADMIN\nA     up             east  1m30s  127\.0\.0\.1:7001  127\.0\.0\.1:7946  127\.0\.0\.1:8001\nB     joining, down  `},
		{"members", 0, `127\.0\.0\.1:7947`},
		{"ring", 0, `^partitions=4 slots=16384 n=2 version=7\nNODE  STATUS   TOKENS  PARTITIONS  TOKENS NEXT\nA     up       3       4           2\nB     joining  1       4           2\n$`},
		{"ring --partitions", 0, `^PARTITION  PRIMARIES  OWNER NEXT\n0          A B\n1          A B        B\n2          A B\n3          B A\n$`},
		{"preflist a/b", 0, `^slot=9 partition=2 coordinator: B\nNODE  ROLE     ANSWERS\nA     primary  no\nB     primary  yes\n$`},
		{"versions k", 0, `(?s)"x\\ny".*A:1.*\(deleted\).*"long long long long lon… \(100 bytes\).*\(7 bytes\)\nolder versions are no longer remembered\nno answer from C\n$`},
		{"versions none", 0, `^the key was never written\n$`},
		{"versions old", 0, `^no node remembers a version: nodes keep the newest writes only\nno answer from C\n$`},
		{"hints", 0, `^ON  FOR  HINTS  BYTES  OLDEST\nA   B    2      70 B   \d+`},
		{"repair", 0, `^NODE  PAIRS  EQUAL  FAILING  KEYS REPAIRED  ALL COMPARED\nA     8      7      1        3              not yet\nA: comparison of partition 3 with B: no stream\n$`},
		{"repair run", 1, `^NODE  KEYS EXCHANGED  FAULT\nA     5\nB     0               A does not answer\nquorate: B could not compare all of its copies: A does not answer\n$`},
		{"plan leave C", 0, `^leave C copies 3 partitions: 4200 keys, 5.0 MiB\. Nothing has been changed\.\nNODE  TOKENS  PARTITIONS  COPIES IN  KEYS  BYTES    DROPS  DISK FREE\nA     2 -> 3  5 -> 8      3          4200  5\.0 MiB  0      1\.0 MiB\nC     1 -> 0  3 -> 0      0          0     0 B      3      \?\nAnother change (?s:.*)each key has 2 copies(?s:.*)A has less free(?s:.*)no answer from D\n$`},
		{"drain --timeout 100ms", 1, `^A refuses new clients; waiting until it is safe to stop\n2 hints on A to be delivered\nB is joining\n(?s:.*)quorate: not safe to stop a node now\n$`},
		{"drain --undo", 0, `^A takes clients again\n$`},
		{"plan sell C", 2, `join`},
		{"repair pause", 1, `^anti-entropy is paused on A\nquorate: no answer from B: nothing has changed there\n$`},
		{"repair pause --local", 0, `^anti-entropy is paused on A\n$`},
		{"repair resume", 0, `^anti-entropy runs on A\nanti-entropy runs on B\n$`},
		{"events --limit 5 --node A --level warn", 0, `^\d\d:\d\d:\d\d A warn hint delivery stopped, and is tried again until it succeeds\n    err=no room peer=B\n$`},
		{"operations", 0, `^A-1\n  kind        gain\n  subject     partitions of a ring change\n  state       running\n  done        \[--------------------\] 4 %\n  partitions  3 of 64\n(?s:.*)  left        about 1m1s\n`},
		{"config", 0, `^n=3 r=2 w=2\nconflict-resolution=merge \(changed through B\)\n$`},
		{"config r=1 w=3", 0, `^n=3 r=1 w=3\nwill be in force`},
		{"join h:8001", 0, `^C joins; `},
		{"cancel A-1", 0, `^A-1 is cancelled\n$`},
		{"preflist nowhere", 1, `^quorate: no such page: GET /api/ring/key/nowhere\n$`},
		{"events --level loud", 2, `level`},
	} {
		var out bytes.Buffer
		args := append([]string{"admin", "--admin-addr", at}, strings.Fields(test.args)...)
		code := run(t.Context(), args, console{out: &out, err: &out})
		if code != test.code || !regexp.MustCompile(test.want).MatchString(out.String()) {
			t.Errorf("%s: exit code %d, want %d and %s\n%s", test.args, code, test.code, test.want, out.String())
		}
		for _, line := range strings.Split(out.String(), "\n") {
			if utf8.RuneCountInString(line) > lineWidth && !strings.HasPrefix(line, "quorate: ") {
				t.Errorf("%s: a line is too long: %s", test.args, line)
			}
		}
		if code != 0 {
			continue
		}
		out.Reset()
		var answer any
		code = run(t.Context(), append(args, "--json"), console{out: &out, err: io.Discard})
		if err := json.Unmarshal(out.Bytes(), &answer); code != 0 || err != nil {
			t.Errorf("%s --json: exit code %d, %v\n%s", test.args, code, err, out.String())
		}
	}
}

// TestAdmin_Watch_OfAChange_IsRefused: the change is not made.
func TestAdmin_Watch_OfAChange_IsRefused(t *testing.T) {
	var asked atomic.Int64
	at := fakePort(t, &asked)
	for _, args := range []string{
		"check", "check --wait", "drain", "drain --undo", "repair run", "repair pause", "repair resume", "join h:8001", "join --wait h:8001",
		"leave C", "remove C", "replace C", "replace --wait C", "config r=1", "cancel A-1",
	} {
		var stderr bytes.Buffer
		code := run(t.Context(), append([]string{"admin", "--admin-addr", at, "--watch"}, strings.Fields(args)...), console{out: io.Discard, err: &stderr})
		if code != exitUsage || asked.Load() > 0 || !strings.Contains(stderr.String(), "--watch is for commands that only show something") {
			t.Errorf("%s --watch: exit code %d, %d questions: %s", args, code, asked.Load(), stderr.String())
		}
	}
}

// TestAdmin_Watch_AsksUntilItIsEnded has the command ended after its second question.
func TestAdmin_Watch_AsksUntilItIsEnded(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for two seconds")
	}
	var asked atomic.Int64
	at := fakePort(t, &asked)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	code := run(ctx, []string{"admin", "--admin-addr", at, "problems", "--watch"}, console{err: io.Discard, out: writerFunc(func(b []byte) (int, error) {
		if out.Write(b); strings.Count(out.String(), "no problems") == 2 {
			cancel()
		}
		return len(b), nil
	})})
	if code != 0 || asked.Load() != 2 {
		t.Errorf("exit code %d after %d questions:\n%s", code, asked.Load(), out.String())
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(b []byte) (int, error) { return w(b) }

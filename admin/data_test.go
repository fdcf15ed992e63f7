package admin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// oddKeys are keys that a path could mangle.
var oddKeys = []string{
	"", "/", "//", "a/b", "/a", "a//b", ".", "..", "a/../b", "../../etc", "%", "%2F", "a%zz", "a b", "a+b", "?", "a?b=c", "#", "a#b", "\x00", "\xff\xfe",
	"é", "日本", "\r\n", "{tag}key", strings.Repeat("k", 5000),
}

func TestData_OddKeys_AreFoundAsTheyWereWritten(t *testing.T) {
	f := newFleet(t, 3, "")
	for i, key := range oddKeys {
		value := fmt.Sprint("value ", i)
		path := "/api/data/" + url.PathEscape(key)
		if r := f.call("A", "PUT", path, value); r.status != 200 {
			t.Errorf("PUT %.20q: %d %s", key, r.status, r.body)
			continue
		}
		found := must[api.ReadAnswer](f, "B", "GET", path, nil)
		got, err := decodeText(found.Key.Key, found.Key.Encoding)
		if err != nil || string(got) != key || found.Resolved.Value != value {
			t.Errorf("%.20q: found %.40q with %+v, %v", key, got, found.Resolved, err)
		}
		place := must[api.KeyPlace](f, "C", "GET", "/api/ring/key/"+url.PathEscape(key), nil)
		if place.Partition != found.Trace.Partition || place.Slot != found.Trace.Slot || len(place.PreferenceList) != 3 || place.Coordinator != place.PreferenceList[0].Node {
			t.Errorf("%.20q: %+v, trace %+v", key, place, found.Trace)
		}
		if v := must[api.Versions](f, "A", "GET", "/api/versions/"+url.PathEscape(key), nil); len(key) <= 256 && (len(v.Versions) != 1 || v.Versions[0].Value != value || !v.Versions[0].Current) {
			t.Errorf("%.20q: %+v", key, v)
		}
	}
	var listed []string
	for cursor := "0"; ; {
		page := must[api.KeyPage](f, "A", "GET", "/api/data?count=10&cursor="+cursor, nil)
		for _, k := range page.Keys {
			key, err := decodeText(k.Key, k.Encoding)
			if err != nil {
				t.Fatal(err)
			}
			listed = append(listed, string(key))
		}
		if cursor = page.Cursor; cursor == "0" {
			break
		}
	}
	slices.Sort(listed)
	if want := slices.Sorted(slices.Values(oddKeys)); !slices.Equal(listed, want) {
		t.Errorf("listed %d keys, want %d: %.300q", len(listed), len(want), listed)
	}
	// Raw slashes and dots in a path, as a hand would type them.
	if found := must[api.ReadAnswer](f, "A", "GET", "/api/data/a//b", nil); found.Key.Key != "a//b" {
		t.Errorf("%+v", found.Key)
	}
	if page := must[api.KeyPage](f, "A", "GET", "/api/data?match=a*b&count=1000", nil); len(page.Keys) != 6 || page.Cursor != "0" {
		t.Errorf("a*b: %+v", page)
	}
}

func TestData_Values_AreShownAsTheyAre(t *testing.T) {
	f := newFleet(t, 3, "")
	for name, value := range map[string]string{
		"empty": "", "text": "día <b>", "binary": "\x00\xff", "long": strings.Repeat("é", maxShown), "longbinary": strings.Repeat("\xff", 2*maxShown),
	} {
		body := api.WriteRequest{Value: base64.StdEncoding.EncodeToString([]byte(value)), Encoding: "base64"}
		must[api.WriteAnswer](f, "A", "PUT", "/api/data/"+name, body)
		found := must[api.ReadAnswer](f, "A", "GET", "/api/data/"+name, nil)
		got, err := decodeText(found.Resolved.Value, found.Resolved.Encoding)
		if err != nil || !strings.HasPrefix(value, string(got)) || found.Resolved.Bytes != len(value) || found.Resolved.Truncated != (len(value) > maxShown) {
			t.Errorf("%s: %d of %d bytes, %+v, %v", name, len(got), len(value), found.Resolved.Truncated, err)
		}
		if len(got) != min(len(value), maxShown) || len(found.Values) != 1 || len(found.Siblings) != 1 {
			t.Errorf("%s: %d bytes shown, %d values", name, len(got), len(found.Values))
		}
	}
}

// A node remembers versions while it runs. What is forgotten is seen in the numbers of those
// that are left, so a key that was just made is never said to have older ones.
func TestVersions_AfterARestart_AreNotSaidToBeAll(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	first := must[api.WriteAnswer](f, "A", "PUT", "/api/data/old", api.WriteRequest{Value: "1", W: 3})
	if v := must[api.Versions](f, "A", "GET", "/api/versions/old", nil); len(v.Versions) != 1 || !v.Complete {
		t.Fatalf("%+v", v)
	}
	coordinator := first.Trace.Coordinator
	must[api.NodeState](f, coordinator, "POST", "/api/nodes/"+coordinator+"/kill", nil)
	must[api.NodeState](f, coordinator, "POST", "/api/nodes/"+coordinator+"/revive", nil)
	f.nodes.Eventually("all are up", func() bool { return member(t, f.view("A"), coordinator).Status == "up" })
	for key, complete := range map[string]bool{"old": false, "never written": true} {
		f.nodes.Eventually("all answer about "+key, func() bool {
			v := must[api.Versions](f, "A", "GET", "/api/versions/"+url.PathEscape(key), nil)
			return len(v.Missing) == 0 && v.Complete == complete
		})
	}
}

func TestData_Conflict_IsSeenAndResolved(t *testing.T) {
	f := newFleet(t, 3, "")
	nothing := ""
	for i, node := range []string{"A", "B"} {
		must[api.WriteAnswer](f, node, "PUT", "/api/data/cart", api.WriteRequest{Value: fmt.Sprint("item ", i), Context: &nothing})
	}
	found := must[api.ReadAnswer](f, "C", "GET", "/api/data/cart?r=3", nil)
	if len(found.Values) != 2 || len(found.Siblings) != 2 || found.Resolved == nil || found.Trace.Siblings != 2 || found.Siblings[0].DotText == found.Siblings[1].DotText {
		t.Fatalf("%+v", found)
	}
	merged := must[api.WriteAnswer](f, "A", "PUT", "/api/data/cart", api.WriteRequest{Value: "both", Context: &found.Context, W: 3})
	if merged.Trace.Need != 3 || merged.ClockText != merged.Clock.String() || !slices.Contains(merged.Clock, merged.Dot) {
		t.Errorf("%+v", merged)
	}
	if after := must[api.ReadAnswer](f, "B", "GET", "/api/data/cart?r=3", nil); len(after.Values) != 1 || after.Values[0].Value != "both" {
		t.Errorf("%+v", after.Values)
	}
	versions := must[api.Versions](f, "B", "GET", "/api/versions/cart", nil)
	if len(versions.Versions) != 3 || !versions.Complete {
		t.Fatalf("%+v", versions)
	}
	last := versions.Versions[2]
	if len(last.Parents) != 2 || !last.Current || versions.Versions[0].Current || len(versions.Versions[1].Parents) != 0 {
		t.Errorf("%+v", versions)
	}
	deleted := must[api.DeleteAnswer](f, "C", "DELETE", "/api/data/cart?context="+url.QueryEscape(merged.Context), nil)
	if !deleted.Deleted || deleted.Context == "" || deleted.Trace.Op != "del" {
		t.Errorf("%+v", deleted)
	}
	r := f.call("A", "GET", "/api/data/cart", "")
	var gone api.ReadAnswer
	if err := json.Unmarshal(r.body, &gone); err != nil || r.status != 404 || gone.Found || gone.Context == "" || gone.Trace == nil || len(gone.Siblings) != 0 {
		t.Errorf("%d %s %v", r.status, r.body, err)
	}
	if again := must[api.DeleteAnswer](f, "A", "DELETE", "/api/data/never", nil); again.Deleted {
		t.Errorf("%+v", again)
	}
}

func TestData_PlainWrite_ReturnsAContextForTheNextWrite(t *testing.T) {
	f := newFleet(t, 3, "")
	first := must[api.WriteAnswer](f, "A", "PUT", "/api/data/k", api.WriteRequest{Value: "1", TTLMillis: 3_600_000})
	second := must[api.WriteAnswer](f, "B", "PUT", "/api/data/k", api.WriteRequest{Value: "2", Context: &first.Context})
	found := must[api.ReadAnswer](f, "C", "GET", "/api/data/k?r=3", nil)
	if len(found.Siblings) != 1 || found.Resolved.Value != "2" || found.Siblings[0].Dot != second.Dot || found.Siblings[0].ExpiresAtMillis != nil {
		t.Errorf("%+v", found)
	}
	must[api.WriteAnswer](f, "A", "PUT", "/api/data/k?ttl_ms=3600000", api.WriteRequest{Value: "3"})
	if found = must[api.ReadAnswer](f, "C", "GET", "/api/data/k?r=3", nil); found.Siblings[0].ExpiresAtMillis == nil {
		t.Errorf("%+v", found.Siblings)
	}
}

func TestData_BadRequests_AreRefusedAndChangeNothing(t *testing.T) {
	f := newFleet(t, 3, "")
	must[api.WriteAnswer](f, "A", "PUT", "/api/data/k", api.WriteRequest{Value: "v"})
	other := must[api.WriteAnswer](f, "A", "PUT", "/api/data/other", api.WriteRequest{Value: "v"})
	json := "Content-Type: application/json"
	for _, test := range []struct {
		request, body, header string
		status                int
		in                    string
	}{
		{"GET /api/data/k?r=4", "", "", 400, "r is 4"},
		{"GET /api/data/k?r=0", "", "", 400, "r is"},
		{"GET /api/data/k?r=two", "", "", 400, "r is"},
		{"GET /api/data/%zz", "", "", 400, ""},
		{"GET /api/data?count=0", "", "", 400, "count"},
		{"GET /api/data?count=1001", "", "", 400, "count"},
		{"GET /api/data?cursor=x", "", "", 400, "cursor"},
		{"PUT /api/data/k?w=4", "x", "", 400, "w is 4"},
		{"PUT /api/data/k?w=-1", "x", "", 400, "w is"},
		{"PUT /api/data/k?ttl_ms=0", "x", "", 400, "ttl_ms"},
		{"PUT /api/data/k?ttl_ms=9223372036854775807", "x", "", 400, "ttl_ms"},
		{"PUT /api/data/k?context=nonsense", "x", "", 400, "bad context"},
		{"PUT /api/data/k?context=" + other.Context, "x", "", 400, "another key"},
		{"PUT /api/data/k", `{"value":5}`, json, 400, "value"},
		{"PUT /api/data/k", `{"value":"x","encoding":"base64"}`, json, 400, "base64"},
		{"PUT /api/data/k", `{"value":"x","encoding":"latin1"}`, json, 400, "encoding"},
		{"PUT /api/data/k", `{"value":"x","w":"2"}`, json, 400, "w"},
		{"PUT /api/data/k", `{"value":"x","w":99}`, json, 400, "w is 99"},
		{"PUT /api/data/k", `{"value":"x","ttl":1}`, json, 400, "ttl"},
		{"PUT /api/data/k", `[]`, json, 400, ""},
		{"PUT /api/data/k", strings.Repeat("x", 1<<20+1), "", 413, "too large"},
		{"PUT /api/data/k", `{"value":"` + strings.Repeat("x", 1<<20) + `"}`, json, 413, "too large"},
		{"DELETE /api/data/k?w=9", "", "", 400, "w is"},
		{"DELETE /api/data/k?context=AAAA", "", "", 400, "context"},
		{"POST /api/data/k", "x", "", 405, "want DELETE, GET, HEAD, PUT"},
		{"DELETE /api/data", "", "", 405, "want GET, HEAD"},
	} {
		method, path, _ := strings.Cut(test.request, " ")
		headers := []string{}
		if test.header != "" {
			headers = append(headers, test.header)
		}
		r := f.rawCall("A", method, path, test.body, headers...)
		var refusal api.Refusal
		if r.status != test.status || !strings.Contains(string(r.body), test.in) {
			t.Errorf("%s %.40s: %d %.300s, want %d with %q", test.request, test.body, r.status, r.body, test.status, test.in)
		} else if path != "/api/data/%zz" && (jsonDecode(r.body, &refusal) != nil || refusal.Error == "") {
			t.Errorf("%s: no error is told: %s", test.request, r.body)
		}
	}
	found := must[api.ReadAnswer](f, "A", "GET", "/api/data/k?r=3", nil)
	if len(found.Siblings) != 1 || found.Siblings[0].DotText[len(found.Siblings[0].DotText)-2:] != "1)" || found.Resolved.Value != "v" {
		t.Errorf("something was changed: %+v", found.Siblings)
	}
}

func TestData_NoQuorum_IsReportedWithItsTrace(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	must[api.LinkFaults](f, "A", "POST", "/api/nodes/A/partition", api.CutRequest{})
	r := f.call("A", "GET", "/api/data/k?r=3", "")
	var refusal api.Refusal
	if jsonDecode(r.body, &refusal) != nil || r.status != 503 || !strings.Contains(refusal.Error, "read needs 3 replicas") || refusal.Trace == nil || refusal.Trace.Node != "A" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestData_PrimaryDown_HintShowsInTraceAndCluster(t *testing.T) {
	f := newFleet(t, 4, "")
	place := must[api.KeyPlace](f, "A", "GET", "/api/ring/key/k", nil)
	down, fallback := place.PreferenceList[1].Node, place.PreferenceList[3].Node
	must[api.NodeState](f, down, "POST", "/api/nodes/"+down+"/kill", nil)
	through := place.PreferenceList[0].Node
	f.nodes.Eventually("the death to be noticed", func() bool { return !member(t, f.view(through), down).Alive })
	w := must[api.WriteAnswer](f, through, "PUT", "/api/data/k", api.WriteRequest{Value: "v", W: 3})
	if !slices.Equal(w.Trace.Hints, []api.Hint{{Holder: fallback, For: down}}) {
		t.Errorf("hints %+v, want %s for %s", w.Trace.Hints, fallback, down)
	}
	if m := member(t, f.view(down), fallback); *m.Hints != 1 || m.HintsFor[down] != 1 {
		t.Errorf("%+v", m)
	}
	must[api.NodeState](f, through, "POST", "/api/nodes/"+down+"/revive", api.ReviveRequest{})
	f.nodes.Eventually("the hint delivered", func() bool {
		return len(member(t, f.view(through), fallback).HintsFor) == 0
	})
	facts := must[api.Node](f, fallback, "GET", "/api/node", nil)
	if totals := facts.Here.Totals; totals.HintsStored != 1 || totals.HintsDelivered != 1 {
		t.Errorf("%+v", totals)
	}
}

func TestActors_OlderEpochs_AreDistinguishedThroughout(t *testing.T) {
	f := newFleet(t, 1, "")
	names := newActors(f.ring("A"))
	a := f.nodes.Node("A").ID()
	older, newer := causal.Actor{Node: a, Epoch: 5 << 20}, causal.Actor{Node: a, Epoch: 9 << 20}
	clock := causal.Vector{{Actor: older, Counter: 3}, {Actor: newer, Counter: 1}}
	names.see(clock)
	if got := names.clock(clock).String(); got != "[(A, 1), (A~"+older.Epoch.Short()+", 3)]" || got != clock.Format(f.ring("A").Name) {
		t.Errorf("%s, want as %s", got, clock.Format(f.ring("A").Name))
	}
	if got := names.clock(clock[:1]).String(); got == "[(A, 3)]" {
		t.Error("an older epoch by itself goes under the newer one's name")
	}
}

// An expired value whose bytes are gone is not shown as an empty one.
func TestSiblingOf_TellsWhatIsLeftOfAValue(t *testing.T) {
	names := newActors(ring.NewRing(ring.NewState("c", 4, ring.Quorums{N: 1, R: 1, W: 1}, ring.Member{ID: ring.IDOf("A"), Name: "A"})))
	for _, c := range []struct {
		value               object.Value
		tombstone, stripped bool
	}{
		{value: object.Value{Data: []byte{}, Expiry: 5}},
		{value: object.Value{Expiry: 5, Stripped: true}, stripped: true},
		{value: object.Value{Tombstone: true}, tombstone: true},
	} {
		got := siblingOf(&object.Sibling{Dot: causal.Dot{Actor: causal.Actor{Node: ring.IDOf("A")}, Counter: 1}, Value: c.value}, names)
		if got.Tombstone != c.tombstone || got.Stripped != c.stripped {
			t.Errorf("%+v is shown as %+v", c.value, got)
		}
	}
}

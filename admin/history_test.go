package admin

import (
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/quorate/quorate/admin/api"
)

func TestHistory_OverAnHour_KeepsTheNewestHourInOrder(t *testing.T) {
	h := newHistory(&backend{cfg: Config{Name: "A"}})
	if got := h.list(); len(got.TimeMillis) != 0 || got.Reads == nil {
		t.Errorf("before the first sample: %+v", got)
	}
	const all = 2*historyLength + 7
	for i := range all {
		s := historySample{at: int64(i)}
		for column := range columns {
			s.values[column] = float32(i*100 + column)
		}
		h.keepLocked(s)
	}
	got := h.list()
	if len(got.TimeMillis) != historyLength {
		t.Fatalf("%d samples, want %d", len(got.TimeMillis), historyLength)
	}
	for i, at := range got.TimeMillis {
		number := all - historyLength + i
		if at != int64(number) || got.Reads[i] != float64(number*100+columnReads) || got.WriteP999[i] != float64(number*100+columnWriteP999) || got.KeysHealed[i] != float64(number*100+columnKeysHealed) {
			t.Fatalf("sample %d: at %d, %v reads, %v", i, at, got.Reads[i], got.WriteP999[i])
		}
	}
	if kept := int(unsafe.Sizeof(historySample{})) * cap(h.samples); kept > 26<<10 {
		t.Errorf("an hour takes %d bytes", kept)
	}
}

// Each value of a load has a column of its own.
func TestHistory_Sample_HasEachValueOfTheLoad(t *testing.T) {
	p := func(v float64) *float64 { return &v }
	h := newHistory(&backend{cfg: Config{Name: "A"}})
	h.keepLocked(sampleOfLoad(7, &api.NodeLoad{
		Reads: 1, Writes: 2, Errors: 3, Divergent: 4, HintsStored: 5, HintsDelivered: 6, ReadRepairs: 7, Forwards: 8, KeysHealed: 9,
		ReadMillis: api.Quantiles{P50: p(10), P99: p(11), P999: p(12)}, WriteMillis: api.Quantiles{P50: p(13), P99: p(14)},
	}))
	n := h.list()
	got := []float64{
		n.Reads[0], n.Writes[0], n.Errors[0], n.Divergent[0], n.HintsStored[0], n.HintsDelivered[0], n.ReadRepairs[0], n.Forwards[0], n.KeysHealed[0],
		n.ReadP50[0], n.ReadP99[0], n.ReadP999[0], n.WriteP50[0], n.WriteP99[0], n.WriteP999[0],
	}
	for i, v := range got {
		want := float64(i + 1)
		if i == len(got)-1 {
			want = 0 // not known
		}
		if v != want {
			t.Errorf("column %d: %v, want %v", i, v, want)
		}
	}
}

func TestHistory_OfAllNodes_TellsWhatTheyDidBeforeAnyoneLooked(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2, "")
	began, server := time.Now(), f.ports["A"].server
	h := newHistory(server.backend) // nobody else samples into it
	h.take(began)
	for range 20 {
		must[api.WriteAnswer](f, "A", "PUT", "/api/data/k", api.WriteRequest{Value: "v", W: 2})
	}
	h.take(began.Add(10 * time.Second))
	if own := h.list(); len(own.Writes) != 1 || own.Writes[0] != 2 || own.TimeMillis[0] == 0 {
		t.Errorf("%+v, want one sample with 2 writes a second", own)
	}
	const marker = 77
	server.history.mu.Lock()
	server.history.keepLocked(historySample{at: marker})
	server.history.mu.Unlock()
	isMarked := func(v api.History) bool {
		return len(v.Nodes) == 2 && v.Nodes[0].Node == "A" && slices.Contains(v.Nodes[0].TimeMillis, marker)
	}
	if got := must[api.History](f, "B", "GET", "/api/history", nil); !isMarked(got) || len(got.Missing) > 0 || got.IntervalMillis != 10_000 {
		t.Errorf("through another node: %+v", got)
	}
	must[api.NodeState](f, "A", "POST", "/api/nodes/A/kill", nil)
	if got := must[api.History](f, "A", "GET", "/api/history", nil); !isMarked(got) {
		t.Errorf("of a killed node: %+v", got)
	}
}

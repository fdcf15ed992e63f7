package cluster_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/testnodes"
)

// TestScanKeys_FewKeys_PageWalksAsFarAsItsCount scans a cluster that is nearly
// empty: what a page costs is bounded by the keys that it asks for, found or not.
func TestScanKeys_FewKeys_PageWalksAsFarAsItsCount(t *testing.T) {
	w := testnodes.New(t)
	cfg := w.Config("A")
	cfg.Partitions = 256
	a := w.Start(cfg)
	want := make([]string, 20)
	for i := range want {
		want[i] = fmt.Sprintf("key-%02d", i)
		a.MustSet(want[i], "v")
	}
	for _, test := range []struct{ count, pages int }{
		{10, 4}, {64, 4}, {100, 3}, {256, 1}, {10_000, 1},
	} {
		var got []string
		cursor, pages := uint64(0), 0
		for ; pages < 10 && (pages == 0 || cursor != 0); pages++ {
			keys, next, err := a.ScanKeys(t.Context(), cursor, test.count)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				got = append(got, string(key))
			}
			cursor = next
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("count %d: got %v, want %v", test.count, got, want)
		}
		if pages != test.pages {
			t.Errorf("count %d: %d pages, want %d", test.count, pages, test.pages)
		}
	}
}

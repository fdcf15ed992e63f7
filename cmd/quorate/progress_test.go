package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/quorate/quorate/admin/api"
)

// moving is the work of two nodes, of which a third has ended its part.
func moving(done int64) []api.Operation {
	return []api.Operation{
		{State: "running", Partitions: api.Amount{Done: done, Total: 64}, Keys: api.Amount{Done: 10}, Bytes: api.Amount{Done: 1 << 20}, BytesPerSecond: 1024, LeftMillis: 4000},
		{State: "running", Partitions: api.Amount{Done: 2 * done, Total: 128}, Bytes: api.Amount{Done: 1 << 20}, BytesPerSecond: 1024, LeftMillis: 9000},
		{State: "done", Partitions: api.Amount{Done: 7, Total: 7}},
	}
}

func TestProgress_Piped_IsALineNowAndThen(t *testing.T) {
	var out strings.Builder
	p, start := &progress{out: &out}, time.UnixMilli(1_000_000)
	p.show(nil, start)
	for i := range 24 { // twelve seconds
		p.show(moving(int64(i)), start.Add(time.Duration(i)*500*time.Millisecond))
	}
	p.say("")
	const want = "0 of 192 partitions, 10 keys, 2.0 MiB, 2.0 KiB/s, about 9s left\n60 of 192 partitions, 10 keys, 2.0 MiB, 2.0 KiB/s, about 9s left\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestProgress_OnATerminal_IsOneLineWithABarThatGoes(t *testing.T) {
	var out strings.Builder
	p := &progress{out: colourWriter{&out}}
	p.show(moving(16), time.UnixMilli(1))
	p.show(moving(48), time.UnixMilli(2))
	const second = "\r[########---] 144 of 192 partitions, 10 keys, 2.0 MiB, 2.0 KiB/s, about 9s left"
	if got := out.String(); !strings.HasPrefix(got, "\r[###---------] 48 of 192") || !strings.HasSuffix(got, second) || strings.Contains(got, "\n") {
		t.Errorf("%q", got)
	}
	if n := utf8.RuneCountInString(second); n > lineWidth+len("\r") {
		t.Errorf("the line has %d columns", n)
	}
	out.Reset()
	p.say("")
	p.say("")
	if got := out.String(); strings.TrimSpace(got) != "" || !strings.HasPrefix(got, "\r ") || !strings.HasSuffix(got, " \r") {
		t.Errorf("the bar is left behind: %q", got)
	}
}

// TestProgress_WideFigures_StayWithinALine: the bar gives way to the figures.
func TestProgress_WideFigures_StayWithinALine(t *testing.T) {
	for _, keys := range []int64{0, 1, 1 << 20, 1 << 40, 1 << 60} {
		line := sumOf([]api.Operation{{State: "running", Keys: api.Amount{Done: keys, Total: keys}, Bytes: api.Amount{Done: keys}, BytesPerSecond: float64(keys), LeftMillis: keys}}, nil).line()
		if n := utf8.RuneCountInString(line); n >= lineWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestProgress_KindsAreChosen_OthersDoNotCount: what hints are delivered meanwhile is no part of
// a repair.
func TestProgress_KindsAreChosen_OthersDoNotCount(t *testing.T) {
	all := append(moving(3), api.Operation{Kind: "sync", State: "running", Partitions: api.Amount{Done: 1, Total: 2}})
	if sum := sumOf(all, []string{"sync"}); sum.partitions != (api.Amount{Done: 1, Total: 2}) {
		t.Errorf("%+v", sum)
	}
	if sum := sumOf(all[:3], []string{"sync"}); sum.running {
		t.Errorf("%+v", sum)
	}
}

// TestProgress_HintsBesideAMove_CountKeysWithoutATotal: a node that gains partitions does not know
// how many keys there will be, and hints have no partitions.
func TestProgress_HintsBesideAMove_CountKeysWithoutATotal(t *testing.T) {
	hints := api.Operation{Kind: "deliver", State: "running", Keys: api.Amount{Done: 30, Total: 60}, Bytes: api.Amount{Done: 512, Total: 1024}}
	gain := api.Operation{Kind: "gain", State: "running", Partitions: api.Amount{Done: 3, Total: 6}, Keys: api.Amount{Done: 500}, Bytes: api.Amount{Done: 512}}
	for want, all := range map[string][]api.Operation{
		"30 of 60 keys, 512 B of 1.0 KiB, 0 B/s":      {hints},
		"3 of 6 partitions, 530 keys, 1.0 KiB, 0 B/s": {hints, gain},
	} {
		if got := sumOf(all, nil).text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

package dashboard_test

import (
	"testing"
	"time"
)

func TestBrowser_Problems_AreCountedListedAndMarked(t *testing.T) {
	f, b := openFake(t)
	b.until(`document.querySelector("#problems").hidden`)
	f.mu.Lock()
	f.mu.problems = []object{
		{"kind": "slow-link", "level": "warn", "node": "B", "peer": "D", "since_ms": time.Now().Add(-3 * time.Minute).UnixMilli(), "what": "the link between B and D is slow", "means": "Requests that need both take longer.", "do": "Check the network."},
		{"kind": "read-only", "level": "error", "node": "A", "since_ms": time.Now().UnixMilli(), "what": "A refuses writes", "means": "It answers reads only.", "do": "Free space."},
	}
	f.mu.Unlock()
	b.shows("#problems", "2 problems")
	for node, marked := range map[string]string{"A": "false", "B": "true", "C": "false", "D": "true"} { // that of A has a word of its own
		b.until(`document.querySelector("#cards [data-node='` + node + `']").parts.marks.checkVisibility() === ` + marked)
	}
	b.click("#problems")
	b.shows("#problem-list", "the link between B and D is slow for 3 min")
	b.shows("#problem-list", "Free space.")
	b.until(`document.querySelector("[aria-label='Remove B']").ariaDisabled === "true"`)
	f.mu.Lock()
	f.mu.problems = []object{{"kind": "change-stuck", "level": "error", "node": "B", "since_ms": time.Now().UnixMilli(), "what": "B is down while it is joining", "means": "The change cannot end.", "do": "Start it again."}}
	f.mu.Unlock()
	b.shows("#cards [data-node='B'] .card-top", ", down") // what it does ends with that
	b.until(`document.querySelector("[aria-label='Remove B']").ariaDisabled !== "true"`)
	f.mu.Lock()
	f.mu.problems = nil
	f.mu.Unlock()
	b.shows("#problem-list", "Nothing is wrong.")
	b.until(`document.querySelector("#problems").hidden && document.querySelector("#cards [data-node='B']").parts.marks.hidden`)
}

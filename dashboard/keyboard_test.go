package dashboard_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until what matches has the focus.
func (b *browser) tabTo(selector string) {
	b.Helper()
	const most = 400 // elements that can have the focus
	for range most {
		if b.eval(`document.activeElement?.matches(`+quoted(selector)+`) ?? false`) == "true" {
			return
		}
		b.do(press("Tab"))
	}
	b.Fatalf("the Tab key does not reach %s", selector)
}

// Each scenario is chosen, run from its first step to its last, and put back, by the keys Tab,
// Enter and Space alone.
func TestBrowser_EveryScenario_RunsByKeyboardAlone(t *testing.T) {
	f, b := openFake(t)
	b.allow("503 (Service Unavailable)", "404 (Not Found)")
	scenarios := strings.Split(b.eval(`[...document.querySelectorAll("[data-scenario]")].map((e) => e.dataset.scenario).join()`), ",")
	for i, id := range scenarios {
		t.Log(id)
		b.tabTo(`[data-scenario="` + id + `"]`)
		b.do(press([]string{kb.Enter, " "}[i%2]))
		b.until(`document.querySelector('[data-scenario="` + id + `"]').getAttribute("aria-current") === "true"`)
		steps, err := strconv.Atoi(b.eval(`document.querySelectorAll(".scenario-steps > li").length`))
		if err != nil {
			t.Fatal(err)
		}
		b.tabTo(".scenario .go")
		for step := 1; step <= steps; step++ {
			b.until(focused(".scenario .go:not([aria-disabled])"))
			b.do(press([]string{kb.Enter, " "}[step%2]))
			b.until(`document.querySelectorAll(".scenario-steps .past").length >= ` + strconv.Itoa(step) + ` || document.querySelector(".scenario .outcome.bad") !== null`)
			if failed := b.eval(`document.querySelector(".scenario .outcome.bad")?.textContent ?? ""`); failed != "" {
				t.Fatalf("%s, step %d: %s", id, step, failed)
			}
		}
		b.until(focused(".scenario .again"))
		if said := b.eval(`document.querySelector(".scenario .restored").textContent`); !strings.Contains(said, "Everything that was changed is as it was before.") {
			t.Errorf("%s ends with %q", id, said)
		}
		f.checkWhole(t, id)
	}
}

// checkWhole reports what a scenario has left behind.
func (f *fake) checkWhole(t *testing.T, id string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.mu.names) != 5 || len(f.mu.dead) > 0 || len(f.mu.links) > 0 || len(f.mu.hinted) > 0 || f.mu.held || f.mu.paused || f.mu.vacant != "" || f.mu.n != 3 || f.mu.r != 2 || f.mu.w != 2 {
		t.Errorf("%s leaves nodes %v, of them %v dead and %q vacant, links %v, %d hints, held %v, paused %v, N %d, R %d, W %d",
			id, f.mu.names, f.mu.dead, f.mu.vacant, f.mu.links, len(f.mu.hinted), f.mu.held, f.mu.paused, f.mu.n, f.mu.r, f.mu.w)
	}
	for node, offset := range f.mu.clocks {
		if offset != 0 {
			t.Errorf("%s leaves the clock of %s off by %v", id, node, offset)
		}
	}
	for key, s := range f.mu.objects {
		if strings.HasPrefix(key, "tour:") && len(s.live()) > 0 {
			t.Errorf("%s leaves the key %s", id, key)
		}
	}
}

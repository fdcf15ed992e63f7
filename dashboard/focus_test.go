package dashboard_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// focused says whether what matches has the focus, and can be seen and clicked where it is.
func focused(selector string) string {
	return `((e) => {
		if (!e?.matches(` + quoted(selector) + `)) return false;
		const r = e.getBoundingClientRect();
		return e.contains(document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2));
	})(document.activeElement)`
}

func TestBrowser_Scenario_RunsByTheEnterKeyAlone(t *testing.T) {
	for _, window := range []struct{ width, height int64 }{{1280, 720}, {390, 844}} {
		t.Run(fmt.Sprint(window.width), func(t *testing.T) {
			f := startFake(t, 5, 256)
			b := openBrowser(t, f.server.URL, window.width, window.height)
			b.until(`document.querySelectorAll("#cards .card").length === 5`)
			if window.width < 500 {
				b.click(`#views [data-view="guide"]`)
			}
			b.do(focus(`[data-scenario="handoff"]`), press("Enter"), focus(".scenario .go"))
			for _, outcome := range []string{"is about to be killed", "is still a member", "stands in, with a hint", "is up again"} {
				f.mu.Lock() // the step waits for its answers
				b.do(press("Enter"))
				b.until(focused(".scenario .go[aria-disabled]"))
				b.do(press("Enter")) // which does nothing, as the step is under way
				f.mu.Unlock()
				b.shows(".scenario", outcome)
				b.until(focused(".scenario .current .go:not([aria-disabled])"))
			}
			b.do(press("Enter"))
			b.shows(".scenario", "Everything that was changed is as it was before")
			b.until(focused(".scenario .again"))
		})
	}
}

func TestBrowser_StoppedScenario_KeepsTheFocus(t *testing.T) {
	_, b := openFake(t)
	b.click(`[data-scenario="handoff"]`)
	b.click(".scenario .go")
	b.shows(".scenario", "is about to be killed")
	b.do(focus(".scenario .stop"), press("Enter"))
	b.shows(".scenario", "Stopped.")
	b.until(focused(".scenario .again"))
}

func TestBrowser_ReloadedScenario_GoesOnAndPutsThingsBack(t *testing.T) {
	for _, end := range []string{"stopped", "finished"} {
		t.Run(end, func(t *testing.T) {
			f, b := openFake(t)
			b.click(`[data-scenario="handoff"]`)
			for _, outcome := range []string{"is about to be killed", "is still a member", "stands in, with a hint"} {
				b.click(".scenario .go")
				b.shows(".scenario", outcome)
			}
			b.do(chromedp.Reload())
			b.until(`document.querySelectorAll("#cards .card").length === 5`)
			b.until(`document.querySelectorAll(".scenario-steps .past").length === 3`)
			b.shows(".scenario", "stands in, with a hint")
			b.until(`document.querySelector('[data-scenario="replicate"]').getAttribute("aria-disabled") === "true"`)
			// The page draws its panels one after the other: the buttons do nothing until their own was drawn.
			b.until(`document.querySelectorAll(".scenario .stop:not([aria-disabled]), .scenario .go:not([aria-disabled])").length === 2`)
			// By the keyboard: a page that was just loaded grows, and what it shows moves.
			if end == "stopped" {
				b.do(focus(".scenario .stop"), press("Enter"))
				b.shows(".scenario", "Stopped. Everything that was changed is as it was before")
			} else {
				b.do(focus(".scenario .go"), press("Enter"))
				b.shows(".scenario", "is up again")
				b.until(`document.querySelector(".scenario .go:not([aria-disabled])") !== null`)
				b.do(focus(".scenario .go"), press("Enter"))
				b.shows(".scenario", "Done. Everything that was changed is as it was before")
			}
			f.mu.Lock()
			dead, left := len(f.mu.dead), len(f.tourLocked("handoff").live())
			f.mu.Unlock()
			if dead != 0 || left != 0 {
				t.Errorf("%d nodes are dead, and %d values of the scenario's key are left", dead, left)
			}
			b.do(chromedp.Reload())
			b.until(`document.querySelectorAll("#cards .card").length === 5`)
			b.until(`document.querySelector(".scenario .stop") === null && document.querySelector(".scenario-steps .past") === null`)
		})
	}
}

func TestBrowser_WhatCannotBePutBack_CanBeTriedAgain(t *testing.T) {
	f, b := openFake(t)
	b.allow("503 (Service Unavailable)")
	b.click(`[data-scenario="handoff"]`)
	for _, outcome := range []string{"is about to be killed", "is still a member", "stands in, with a hint"} {
		b.click(".scenario .go")
		b.shows(".scenario", outcome)
	}
	f.refuse("DELETE")
	b.click(".scenario .stop")
	b.shows(".scenario", "Not everything could be put back")
	f.refuse("")
	b.click(".scenario .stop")
	b.shows(".scenario", "Everything that was changed is as it was before")
	f.mu.Lock()
	defer f.mu.Unlock()
	if left := f.tourLocked("handoff").live(); len(left) != 0 {
		t.Errorf("the scenario's key holds %v", left)
	}
}

// The page draws its panels again and again. What has the focus keeps it, or passes it on to
// what takes its place.
func TestBrowser_RedrawnPanel_KeepsTheFocus(t *testing.T) {
	f, b := openFake(t)
	b.do(focus(`[aria-label="Kill D"]`), press("Enter"))
	b.until(focused(`[aria-label="Revive D"]`))
	b.do(press("Enter"))
	b.until(focused(`[aria-label="Kill D"]`))

	b.click("#tab-operations")
	b.until(`document.querySelector('[aria-label="Cancel B-2"]') !== null`)
	b.do(focus(`[aria-label="Cancel B-2"]`))
	b.drawnAgain(`[aria-label="Cancel B-2"]`)
	b.until(focused(`[aria-label="Cancel B-2"]`))

	b.click("#tab-gossip")
	b.until(`document.querySelectorAll("#panel-gossip button").length === 2`)
	b.do(focus("#panel-gossip button:nth-child(2)"), press("Enter"))
	b.until(focused("#panel-gossip button:nth-child(2)[aria-pressed=true]"))

	b.click("#tab-merkle")
	b.until(`document.querySelector('[aria-label="Partition 40"]') !== null`)
	b.do(focus(`[aria-label="Partition 40"]`))
	f.mu.Lock()
	f.mu.converged = true
	f.mu.Unlock()
	b.until(`document.querySelector('[aria-label="Partition 12"]') === null`)
	b.until(focused(`[aria-label="Partition 40"]`))

	b.write("cart", "a")
	b.do(focus("#console .trace button"), press("Enter"))
	b.until(focused("#console .trace button"))
	b.until(`document.querySelectorAll(".badge.primary").length === 3`)
	b.do(focus(".badge.primary"))
	b.drawnAgain(".badge.primary", `document.querySelector("#console .primary").click()`)
	b.until(focused(".badge.primary *, .badge.primary"))
	b.do(focus("#ring-facts button"), press("Enter"))
	b.until(`document.querySelector("#ring-facts button") === null`)
	b.until(`document.querySelector("#ring").contains(document.activeElement)`)
}

// drawnAgain waits until another element has taken the place of the one that matches, after
// code that makes it so.
func (b *browser) drawnAgain(selector string, code ...string) {
	b.Helper()
	b.eval(`(window.before = document.querySelector(` + quoted(selector) + `), "")`)
	for _, c := range code {
		b.eval(c)
	}
	b.until(`((now) => now !== null && now !== window.before)(document.querySelector(` + quoted(selector) + `))`)
}

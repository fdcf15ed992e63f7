package dashboard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestBrowser_LinkToAStep_OffersToRunTheStepsBefore(t *testing.T) {
	f := startFake(t, 5, 256)
	b := openBrowser(t, f.server.URL+"/#guide/handoff/3", 1440, 900)
	b.until(`document.querySelectorAll("#cards .card").length === 5`)
	b.shows("#scenario-title", "Kill a node")
	b.shows(".scenario .upto", "Run steps 1 to 2 for me")
	f.mu.Lock()
	dead := len(f.mu.dead)
	f.mu.Unlock()
	if dead != 0 {
		t.Fatal("a link killed a node by itself")
	}
	b.click(".scenario .upto")
	b.until(`document.querySelectorAll(".scenario-steps .past").length === 2`)
	b.shows("#cards", "killed")
	b.until(`document.querySelector(".scenario .current .go:not([aria-disabled])")?.textContent === "Write" && document.querySelector(".scenario .upto") === null`)
	b.do(chromedp.Evaluate[chromedp.Void](`location.hash = "#guide/grow/1"`))
	b.shows("#notices", "Finish or stop the scenario that is under way first")
	b.click(".scenario .stop")
	b.shows(".scenario", "as it was before")
	b.do(chromedp.Evaluate[chromedp.Void](`location.hash = "#guide/stale/2"`))
	b.shows("#scenario-title", "A stale read")
	b.shows(".scenario .upto", "Run step 1 for me")
	b.click(`[data-scenario="grow"]`)
	b.shows("#scenario-title", "Add a node")
	b.until(`document.querySelector(".scenario .upto") === null && location.hash === "#guide/grow/1"`)
	b.click(`[aria-label="Link to step 3"]`)
	b.shows(".scenario .upto", "Run steps 1 to 2 for me")
}

// TestBrowser_ScenarioList_StaysWhileTheStepsScroll: where the guide has a height, both scroll by
// themselves; on a wide window that is low, the list sticks; on a phone it lies above the steps.
func TestBrowser_ScenarioList_StaysWhileTheStepsScroll(t *testing.T) {
	f, b := openFake(t)
	reached := `((e) => e.contains(document.elementFromPoint(...((r) => [r.left + r.width / 2, r.top + r.height / 2])(e.getBoundingClientRect()))))`
	for _, window := range []struct{ width, height int64 }{{1440, 900}, {1366, 768}, {1024, 768}, {1366, 530}} {
		b.do(chromedp.EmulateViewport(window.width, window.height))
		b.until(fmt.Sprintf("innerWidth === %d && innerHeight === %d", window.width, window.height))
		b.click(`[data-scenario="conflict"]`)
		b.shows("#scenario-title", "A cart in two worlds")
		b.eval(`document.querySelector(".scenario-steps > li:last-child").scrollIntoView({block: "end"})`)
		b.until(reached + `(document.querySelector(".scenario-steps > li:last-child .say"))`)
		if b.eval(`[...document.querySelectorAll(".scenario-list [data-scenario]")].some(`+reached+`)`) != "true" {
			t.Errorf("%dx%d: beside the last step the list is out of reach", window.width, window.height)
		}
	}
	b.do(chromedp.EmulateViewport(390, 844))
	b.until("innerWidth === 390")
	b.click(`#views [data-view="guide"]`)
	b.until(`((e) => e.clientHeight > 0 && e.clientHeight === e.scrollHeight && e.getBoundingClientRect().bottom <= document.querySelector(".scenario").getBoundingClientRect().top)(document.querySelector(".scenario-list"))`)
	// A link to a scenario at the end of the list shows it there.
	linked := openBrowser(t, f.server.URL+"/#guide/lww/1", 1440, 900)
	linked.shows("#scenario-title", "The last write loses")
	linked.until(reached + `(document.querySelector('[data-scenario="lww"]'))`)
}

func TestBrowser_LinkToAScenario_OpensTheGuideOnAPhone(t *testing.T) {
	f := startFake(t, 5, 256)
	b := openBrowser(t, f.server.URL+"/#guide/conflict", 390, 844)
	b.until(`document.body.dataset.view === "guide"`)
	b.shows("#scenario-title", "A cart in two worlds")
	b.until(`document.querySelector(".scenario").checkVisibility()`)
}

func TestBrowser_EveryStep_CitesItsSectionOfThePaper(t *testing.T) {
	_, b := openFake(t)
	wrong := b.eval(`import("./js/scenarios.js").then(({SCENARIOS, PAPER}) => SCENARIOS.flatMap((x) => x.steps.filter((step) => !PAPER[step.paper]).map((step) => x.id + ": " + step.say)).join())`)
	if wrong != "" {
		t.Errorf("without a section: %s", wrong)
	}
	b.shows(".scenario-steps .current .cite", "Dynamo paper, section 4.2: Partitioning Algorithm")
}

func TestBrowser_EachRun_HasKeysOfItsOwn(t *testing.T) {
	f, b := openFake(t)
	for range 2 {
		b.click(".scenario .go")
		b.shows(".scenario", "are met first")
		b.click(".scenario .go")
		b.shows(".scenario", "coordinated;")
		b.click(".scenario .stop")
		b.click(".scenario .again")
		b.until(`document.querySelector(".scenario-steps .past") === null`)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	runs := 0
	for key := range f.mu.objects {
		if strings.HasPrefix(key, "tour:hello:") {
			runs++
		}
	}
	if runs != 2 {
		t.Errorf("two runs used %d keys", runs)
	}
}

func TestBrowser_Reset_MakesTheClusterWhole(t *testing.T) {
	f, b := openFake(t)
	b.write("tour:left", "by another browser")
	b.write("kept", "as it is no scenario's")
	b.click(`[aria-label="Kill D"]`)
	b.shows(`#cards [data-node="D"]`, "killed")
	b.click(`[aria-label="More for C"]`)
	b.click(`[aria-label="Disk full C"]`)
	b.shows(`#cards [data-node="C"]`, "read-only")
	b.click("#chaos button:nth-child(2)")
	b.click("dialog [type=submit]")
	b.until(`document.querySelectorAll(".link-cut").length === 6`)
	b.click(".scenario-list .reset")
	b.click("dialog [type=submit]")
	b.shows("#notices", "The links are healed, all nodes are up")
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.mu.dead) != 0 || f.mu.full["C"] || len(f.mu.links) != 0 || len(f.mu.objects["tour:left"].live()) != 0 || len(f.mu.objects["kept"].live()) != 1 {
		t.Errorf("%v are dead, the disks of %v are full, links %v, %v and %v are left", f.mu.dead, f.mu.full, f.mu.links, f.mu.objects["tour:left"].live(), f.mu.objects["kept"].live())
	}
}

package dashboard_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func TestBrowser_Timeline_DrawsForksAndJoins(t *testing.T) {
	f, b := openFake(t)
	b.fill("#op-key", "basket")
	b.fill("#op-context", "empty")
	for _, value := range []string{"1", "2"} {
		b.fill("#op-value", value)
		b.click(".ops-row .primary")
		b.shows("#console .outcome", "Written")
	}
	b.fill("#op-context", "none")
	b.fill("#op-value", "3")
	b.click(".ops-row .primary")
	b.click("#tab-timeline")
	b.until(`document.querySelectorAll("#panel-timeline .version").length === 3`)
	b.until(`document.querySelectorAll("#panel-timeline .edge").length === 2`)
	b.shows("#panel-timeline", "3 versions")
	b.do(focus("#panel-timeline .version"), press("Enter"))
	b.shows("#panel-timeline aside", "covered by a later version")
	b.until(`!document.querySelector("#panel-timeline").textContent.includes("remembered")`)
	f.mu.Lock()
	f.mu.forgotten = true
	f.mu.Unlock()
	b.click("#tab-timeline")
	b.shows("#panel-timeline", "others are no longer remembered")
}

func TestBrowser_Merkle_DrillsDownToTheKeys(t *testing.T) {
	f, b := openFake(t)
	b.click("#tab-merkle")
	b.shows("#panel-merkle", "1 pair of replicas differs")
	b.shows("#panel-merkle", "key by key it would have been 1,210,455")
	b.click(`[aria-label="Partition 40"]`)
	b.shows("#panel-merkle .leaves", "Leaf 311")
	b.shows("#panel-merkle .leaves", "user:7919")
	b.shows("#panel-merkle .leaves", "21 hashes of 1,365 were compared, 336 bytes in all, instead of 812 keys")
	b.until(`document.querySelectorAll("#panel-merkle .descent rect.bad").length === 6 && document.querySelectorAll("#panel-merkle .descent rect").length === 21`)
	b.until(`document.querySelectorAll("#panel-merkle .descent path.bad").length === 5`)
	f.mu.Lock()
	f.mu.converged = true
	f.mu.Unlock()
	b.until(`document.querySelector('[aria-label="Partition 12"]') === null`)
	b.shows("#panel-merkle .leaves", "user:7919") // what differed is still there to be read
	b.click("#panel-merkle .primary")
	b.shows("#notices", "2 keys exchanged")
}

func TestBrowser_Gossip_TellsWhoSuspectsWhom(t *testing.T) {
	_, b := openFake(t)
	b.click("#tab-gossip")
	b.shows("#panel-gossip", "All nodes see each other alive")
	b.shows("#panel-gossip", "reached 5 nodes in 840 ms: 5 rounds")
	b.shows("#panel-gossip", "Requests do not get through from A to E")
	b.until(`document.querySelector('#panel-gossip td.warn').title.includes("dial tcp: timeout")`)
	b.click(`[aria-label="Kill C"]`)
	b.shows("#panel-gossip", "C is not seen alive by all")
	b.shows("#panel-gossip", "does not answer")
}

func TestBrowser_Events_AreFilteredAndHeldStill(t *testing.T) {
	_, b := openFake(t)
	b.click("#tab-events")
	b.click(`[aria-label="Kill C"]`)
	b.shows(`#cards [data-node="C"]`, "killed") // until then the buttons move
	b.click(`[aria-label="Kill D"]`)
	b.until(`document.querySelectorAll("#panel-events .event").length === 2`)
	b.fill("#panel-events label:nth-child(2) select", "D")
	b.until(`document.querySelectorAll("#panel-events .event").length === 1`)
	b.fill("#panel-events label:nth-child(2) select", "")
	b.fill("#panel-events input", "nothing has this")
	b.until(`document.querySelectorAll("#panel-events .event").length === 0`)
	b.fill("#panel-events input", "")
	b.click("#panel-events button")
	b.click(`[data-node="C"] [aria-label="Revive C"]`)
	b.shows("#panel-events", "held still; 1 newer event")
	b.until(`document.querySelectorAll("#panel-events .event").length === 2`)
	b.click("#panel-events button")
	b.until(`document.querySelectorAll("#panel-events .event").length === 3`)
}

func TestBrowser_Charts_FollowTheLoad(t *testing.T) {
	_, b := openFake(t)
	b.click("#tab-charts")
	b.until(`document.querySelectorAll("#panel-charts canvas").length === 4`)
	b.until(`/reads [\d.]+k?\/s/.test(document.querySelector("#panel-charts canvas").getAttribute("aria-label"))`)
	b.until(`((c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0))(document.querySelector("#panel-charts canvas"))`)
	b.until(`document.querySelectorAll("#cards .spark .line")[0].getAttribute("d").length > 10`)
}

func TestBrowser_Charts_OfTheHour_ShowWhatWasBeforeThePage(t *testing.T) {
	_, b := openFake(t)
	b.click("#tab-charts")
	reads := func(want string) {
		t.Helper()
		b.until(`document.querySelector("#panel-charts canvas").getAttribute("aria-label").includes("reads ` + want + `/s")`)
	}
	b.fill("#panel-charts label:nth-child(2) select", "hour")
	reads("5.7k")
	b.fill("#panel-charts label:nth-child(1) select", "B")
	reads("4k")
	// The live view is filled with it, far to the left of what came since, and between two
	// lines of the grid.
	b.fill("#panel-charts label:nth-child(2) select", "")
	b.until(`((c) => c.getContext("2d").getImageData(c.width * 0.3, c.height * 0.12, c.width * 0.2, c.height * 0.31).data.some((v) => v > 0))(document.querySelector("#panel-charts canvas"))`)
}

func TestBrowser_Links_ArePartitionedSlowedAndHealed(t *testing.T) {
	_, b := openFake(t)
	b.click("#chaos button:nth-child(2)")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('[aria-label="C in group 2"]').click()`))
	b.click("dialog [type=submit]")
	b.shows("#notices", "The network is cut: A, B | C, D, E")
	b.until(`document.querySelectorAll(".link-cut").length === 6`)
	b.click("#chaos button:nth-child(4)")
	b.until(`document.querySelectorAll(".link-cut").length === 0`)
	b.click("#chaos button:nth-child(3)")
	b.fill(`dialog [name=delay]`, "80")
	b.click("dialog [type=submit]")
	b.until(`document.querySelectorAll(".link-slow").length === 4`)
	b.shows(".link-slow title", "+50 ms, 10 % lost")
	b.until(`getComputedStyle(document.querySelector(".link-slow line")).strokeDasharray === "none"`) // a hint is dashed
}

func TestBrowser_Scenario_RunsStepByStepAndPutsThingsBack(t *testing.T) {
	_, b := openFake(t)
	b.click(`[data-scenario="handoff"]`)
	for _, outcome := range []string{"is about to be killed", "is still a member", "stands in, with a hint", "is up again", "Delivered"} {
		b.click(".scenario .go")
		b.shows(".scenario", outcome)
	}
	b.shows(".scenario", "Everything that was changed is as it was before")
	b.until(`!document.querySelector("#cards").textContent.includes("killed")`)
}

func TestBrowser_StoppedScenario_RevivesWhatItKilled(t *testing.T) {
	_, b := openFake(t)
	b.click(`[data-scenario="handoff"]`)
	b.click(".scenario .go")
	b.shows(".scenario", "is about to be killed")
	b.click(".scenario .go")
	b.shows("#cards", "killed")
	b.click(".scenario .stop")
	b.shows(".scenario", "Stopped.")
	b.until(`!document.querySelector("#cards").textContent.includes("killed")`)
	b.until(`document.querySelector("#ring-facts").textContent === "" && document.querySelector(".ring-path *, .ring-walk *") === null`)
}

func TestBrowser_NextScenario_StartsFromAnEmptyRing(t *testing.T) {
	_, b := openFake(t)
	b.click(".scenario .go")
	b.shows(".scenario", "are met first")
	b.click(".scenario .go")
	b.shows(".scenario", "coordinated;")
	b.shows("#ring-facts", "tour:hello")
	b.until(`document.querySelectorAll(".ring-path .trail").length > 0`)
	b.click(".scenario .stop")
	b.click(`[data-scenario="grow"]`)
	b.until(`document.querySelector("#ring-facts").textContent === "" && document.querySelector(".ring-path *, .ring-walk *") === null`)
	b.shows(".ring-centre", "256 partitions")
}

func TestBrowser_Phone_ReachesEveryPanel(t *testing.T) {
	f := startFake(t, 5, 256)
	b := openBrowser(t, f.server.URL, 390, 844)
	for view, selector := range map[string]string{"ring": "#ring", "nodes": "#cards", "console": "#console", "guide": "#panel-guide", "inside": "#tabs"} {
		b.click(`#views [data-view="` + view + `"]`)
		b.until(`document.querySelector("` + selector + `").getBoundingClientRect().height > 20`)
		b.until(`document.documentElement.scrollWidth <= 390`)
	}
	b.click(`#views [data-view="inside"]`)
	b.click("#tab-charts") // the tabs are wider than the window
	b.click(`#views [data-view="ring"]`)
	b.eval(`document.querySelector("#tab-timeline").click()`)
	b.click(`#views [data-view="inside"]`)
	b.until(`((t, row) => t.left >= row.left && t.right <= row.right)(document.querySelector("#tab-timeline").getBoundingClientRect(), document.querySelector("#tabs").getBoundingClientRect())`)
}

func TestBrowser_WithoutChaos_ButtonsSayWhyTheyDoNothing(t *testing.T) {
	f, b := openFake(t)
	f.mu.Lock()
	f.mu.peaceful = true
	f.mu.Unlock()
	b.until(`document.querySelector('[aria-label="Kill B"]').getAttribute("aria-disabled") === "true"`)
	b.until(`document.querySelector('[aria-label="Kill B"]').getAttribute("aria-description").includes("--chaos")`)
	b.shows("#no-chaos", "without --chaos")
	b.click(`[aria-label="Kill B"]`)
	b.shows("#notices", "without --chaos")
	b.click(`[data-scenario="handoff"]`)
	b.until(`document.querySelector(".scenario .go").getAttribute("aria-disabled") === "true"`)
	b.shows(".scenario .why", "without --chaos")
	b.click("#chaos button:nth-child(2)")
	b.until(`document.querySelector("dialog") === null`)
	b.click("#quorum .primary")
	b.shows("#notices", "These numbers are in force")
	b.until(`!document.querySelector("#cards").textContent.includes("killed")`)
}

func TestBrowser_TwentyNodes_TakeFewElements(t *testing.T) {
	f := startFake(t, 20, 4096)
	b := openBrowser(t, f.server.URL, 1440, 900)
	b.until(`document.querySelectorAll("#cards .card").length === 20`)
	b.until(`document.querySelectorAll(".ring-band path").length === 20`) // one a node, not one a token
	b.until(`document.querySelectorAll(".ring-keys *").length === 1`)
	b.until(`document.querySelectorAll("*").length < 2000`)
}

func TestBrowser_ReducedMotion_ShowsTheOutcomeAtOnce(t *testing.T) {
	f := startFake(t, 5, 256)
	b := openBrowser(t, f.server.URL, 1440, 900)
	b.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}))
	b.until(`document.querySelectorAll("#cards .card").length === 5`)
	b.write("cart", "x")
	b.shows(".ring-centre", "3 answers")
	b.until(`document.querySelectorAll(".ring-packets *").length === 0 && document.querySelectorAll(".trail").length > 0`)
}

func TestBrowser_Theme_FollowsTheSystemUntilChosen(t *testing.T) {
	f := startFake(t, 5, 256)
	b := openBrowser(t, f.server.URL, 1440, 900)
	for _, theme := range []string{"dark", "light"} {
		b.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}))
		b.until(`document.documentElement.dataset.theme === "` + theme + `"`)
	}
	b.click("#theme")
	b.until(`document.documentElement.dataset.theme === "dark"`)
	b.do(chromedp.Reload())
	b.until(`document.documentElement.dataset.theme === "dark"`)
}

func TestBrowser_Opened_StaysAtItsTop(t *testing.T) {
	f := startFake(t, 5, 256)
	b := openBrowser(t, f.server.URL, 1024, 600)
	b.until(`document.querySelectorAll("#cards .card").length === 5`)
	b.until(`document.querySelector(".scenario .go").getAttribute("aria-disabled") === null`)
	b.until(`document.documentElement.scrollHeight > 1200 && scrollY === 0`)
}

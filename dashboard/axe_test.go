package dashboard_test

import (
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const axePath = "testdata/axe/node_modules/axe-core/axe.min.js"

// axe applies all rules to what matches a selector, and reports what breaks them.
func (b *browser) axe(what, selector string) {
	b.Helper()
	b.until(`document.getAnimations().every((a) => !(a instanceof CSSTransition))`) // a colour in between is nobody's choice
	found := b.eval(`axe.run(` + quoted(selector) + `, {resultTypes: ["violations"]}).then(({violations}) => violations.flatMap((v) =>
		v.nodes.map((n) => v.id + ": " + n.target.join(" ") + "\n\t\t" + n.failureSummary.replace(/\n\s*/g, "\n\t\t"))).join("\n\t"))`)
	if found != "" {
		b.Errorf("%s:\n\t%s", what, found)
	}
}

func TestBrowser_EveryViewAndDialog_KeepsTheRulesOfAxe(t *testing.T) {
	rules, err := os.ReadFile(axePath)
	if err != nil {
		t.Skip("axe-core is not installed ('npm ci' in dashboard/testdata/axe)")
	}
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			f := startFake(t, 5, 256)
			b := openBrowser(t, f.server.URL, 1440, 900)
			b.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}}), chromedp.Evaluate[chromedp.Void](string(rules)+"\n;0"))
			b.until(`document.querySelectorAll("#cards .card").length === 5 && document.documentElement.dataset.theme === "` + theme + `"`)
			b.until(`document.querySelectorAll(".ring-band path").length === 5`)
			b.axe("a whole cluster", "html")
			b.axeOfTrouble()
			b.axeOfTabs()
			b.axeOfDialogs()
			if theme == "dark" {
				return // the colours of a phone are those of a wide window
			}
			b.do(chromedp.EmulateViewport(390, 844))
			b.until("innerWidth === 390")
			for _, view := range []string{"ring", "nodes", "console", "guide", "inside"} {
				b.click(`#views [data-view="` + view + `"]`)
				b.axe("a phone, "+view, "html")
			}
		})
	}
}

// axeOfTrouble looks at a dead node, its hints, a conflict and the problems.
func (b *browser) axeOfTrouble() {
	b.Helper()
	b.makeTrouble()
	b.eval(`document.querySelectorAll("details").forEach((d) => { d.open = true; })`)
	b.axe("a conflict and a dead node, all details open", "html")
	b.eval(`document.querySelectorAll("details").forEach((d) => { d.open = false; })`)
	b.fill("#q-r", "4")
	b.shows("#quorum", "R cannot be more than N")
	b.axe("an impossible quorum", "#quorum")
	b.fill("#q-r", "2")
	b.until(`!document.querySelector("#problems").hidden`)
	b.click("#problems")
	b.shows("#problem-list", "D is down")
	b.axe("the problems", "#problem-list")
	b.click("#problems")
}

// axeOfTabs looks at each tab, with something in it.
func (b *browser) axeOfTabs() {
	b.Helper()
	for _, tab := range []struct{ id, content, click string }{
		{"guide", ".scenario .go", ""},
		{"timeline", ".version", ""},
		{"merkle", `[aria-label="Partition 40"]`, `[aria-label="Partition 40"]`},
		{"gossip", "td", ""}, {"operations", "td", ""}, {"events", ".event", ""}, {"charts", "canvas", ""},
	} {
		b.click("#tab-" + tab.id)
		b.until(`document.querySelector(` + quoted("#panel-"+tab.id+" "+tab.content) + `) !== null`)
		if tab.click != "" {
			b.click(tab.click)
			b.until(`document.querySelector("#panel-merkle .descent") !== null`)
		}
		b.axe("the tab "+tab.id, "#explore")
	}
}

// axeOfDialogs looks at each dialog.
func (b *browser) axeOfDialogs() {
	b.Helper()
	b.click("#tab-guide")
	for _, opens := range []string{"#chaos button:nth-child(2)", "#chaos button:nth-child(3)", ".scenario-list .reset"} {
		b.axeOfDialog(opens)
	}
	for _, name := range []string{"B", "D"} {
		b.eval(`document.querySelector('#cards [data-node="` + name + `"] details').open = true`)
		count := b.eval(`(window.opens = [...document.querySelectorAll('#cards [data-node="` + name + `"] button:not([aria-disabled=true])')].filter((e) => e.checkVisibility() && !/^(Kill|Revive|Heal|Disk full)/.test(e.textContent.trim()) || /empty/.test(e.textContent))).length`)
		if count < "2" {
			b.Errorf("the card of %s opens %s dialogs", name, count)
		}
		b.eval(`window.opens.forEach((e, i) => { e.id = "opens-` + name + `-" + i; })`)
		for i := range int(count[0] - '0') {
			b.axeOfDialog("#opens-" + name + "-" + string(rune('0'+i)))
		}
	}
}

func (b *browser) axeOfDialog(opens string) {
	b.Helper()
	b.eval(`document.querySelector(` + quoted(opens) + `).click()`)
	b.until(`document.querySelector("dialog[open]") !== null`)
	b.axe("the dialog of "+opens, "dialog")
	b.eval(`document.querySelector("dialog button:not([type=submit])").click()`)
	b.until(`document.querySelector("dialog") === null`)
}

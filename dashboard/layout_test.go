package dashboard_test

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

//go:embed testdata/layout.js
var layoutFaults string

// windows are the sizes of common screens and of windows on them, and the zoom of each.
var windows = []struct {
	width, height int64
	zoom          []float64
}{
	{360, 740, zooms}, {768, 1024, zooms}, {1024, 768, zooms}, {1280, 720, zooms}, {1366, 768, zooms}, {1536, 730, zooms}, {1920, 1080, zooms}, {2560, 1440, zooms},
	// just above and below the sizes at which the layout changes
	{390, 844, nil}, {699, 900, nil}, {700, 900, nil}, {1279, 900, nil}, {1280, 577, nil}, {1280, 800, nil}, {1366, 530, nil}, {1366, 633, nil}, {1440, 900, nil},
}

var insideTabs = []string{"timeline", "merkle", "gossip", "operations", "events", "charts"}

var zooms = []float64{1, 1.25, 1.5}

func TestBrowser_EveryWindow_NothingOverlapsOrIsCutOff(t *testing.T) {
	_, b := openFake(t)
	b.makeTrouble()
	b.shows(".ring-facts", "cart") // the ring tells most of a key that is in use
	b.click(`[data-scenario="conflict"]`)
	b.until(`document.getAnimations().length === 0 && document.querySelectorAll(".ring-packets *").length === 0`)
	for tab, content := range map[string]string{"timeline": ".version", "merkle": ".pair", "gossip": "td", "operations": "td", "events": ".event", "charts": "canvas"} {
		b.click("#tab-" + tab)
		b.until(`document.querySelector("#panel-` + tab + ` ` + content + `") !== null`)
	}
	b.eval(`document.querySelector('[aria-label="Partition 40"]').click()`)
	b.until(`document.querySelector("#panel-merkle .descent") !== null`)
	b.do(chromedp.Evaluate[chromedp.Void](layoutFaults))
	for _, window := range windows {
		for _, zoom := range append(window.zoom, zooms[:max(0, 1-len(window.zoom))]...) {
			width, height := int64(float64(window.width)/zoom), int64(float64(window.height)/zoom)
			b.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(zoom)))
			b.until(fmt.Sprintf("innerWidth === %d && innerHeight === %d", width, height))
			at := fmt.Sprintf("%dx%d at %v %%", window.width, window.height, 100*zoom)
			b.layout(at)
			if b.eval(`document.querySelector("#taller").checkVisibility()`) == "true" {
				b.click("#taller")
				b.layout(at + ", taller")
				b.click("#taller")
			}
		}
	}
}

// layout reports the faults of the layout in each view of the page.
func (b *browser) layout(at string) {
	b.Helper()
	// check clicks what opens a view, and looks for faults in it.
	check := func(what, opens, part string) {
		b.Helper()
		if faults := b.eval("(document.querySelector(" + quoted(opens) + ").click(), layoutFaults(" + quoted(part) + "))"); faults != "" {
			b.Errorf("%s, %s:\n\t%s", at, what, strings.ReplaceAll(faults, "\n", "\n\t"))
		}
		b.picture(at + " " + what)
	}
	inside := func() {
		b.Helper()
		for _, tab := range insideTabs {
			check(tab, "#tab-"+tab, "#explore")
		}
	}
	if b.eval(`document.querySelector("#views").checkVisibility()`) != "true" {
		check("all panels", "#tab-guide", "body")
		check("a dialog", "#chaos button:nth-child(2)", "dialog")
		b.eval(`document.querySelector("dialog button").click()`)
		inside()
		return
	}
	for _, view := range []string{"ring", "nodes", "console", "guide"} {
		check(view, `#views [data-view="`+view+`"]`, "body")
		if view == "nodes" {
			check("a dialog", "#chaos button:nth-child(2)", "dialog")
			b.eval(`document.querySelector("dialog button").click()`)
		}
	}
	b.eval(`document.querySelector('#views [data-view="inside"]').click()`)
	inside()
}

// picture saves what the window shows, where pictures are wanted.
func (b *browser) picture(at string) {
	b.Helper()
	if *pictures != "" {
		b.save(strings.NewReplacer(" %", "", ", ", "-", " ", "-").Replace(strings.TrimSpace(at)) + ".png")
	}
}

package dashboard_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// pictures names the directory that TestPictures writes to.
var pictures = flag.String("pictures", "", "directory for pictures of the dashboard, in several sizes, light and dark")

// TestPictures takes pictures of the dashboard on a demo of which a node is dead. The one
// of the README is picture-1440-light.png, see .github/CONTRIBUTING.md.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("-pictures names no directory")
	}
	address := startDemo(t, 10900)
	first := openBrowser(t, address, 1440, 900)
	first.until(`document.querySelectorAll("#cards .chip.good:not([hidden])").length === 5`)
	for i := range 40 {
		first.write(fmt.Sprint("user:", i), fmt.Sprintf(`{"visits":%d}`, i))
	}
	first.write("greeting", "hello")
	first.until(`document.querySelectorAll(".badge.primary").length === 3`)
	victim := first.eval(`[...document.querySelectorAll(".badge.primary text")].map((t) => t.textContent).filter((n) => n !== "A").at(-1)`)
	first.click(`[aria-label="Kill ` + victim + `"]`)
	first.shows(`#cards [data-node="`+victim+`"]`, "killed")
	for _, size := range []struct{ width, height int64 }{{2560, 1440}, {1440, 900}, {1366, 768}, {1366, 633}, {1280, 720}, {1280, 577}, {1024, 768}, {390, 844}} {
		b := openBrowser(t, address, size.width, size.height)
		b.until(`document.querySelectorAll("#cards .card").length === 5 && !document.querySelector("#policy").disabled`)
		name := fmt.Sprint("picture-", size.width)
		if size.height < 700 {
			name += "-window" // what the bars of a browser leave of such a screen
		}
		phone := size.width < 500
		views := []string{"tabs"}
		if phone {
			views = []string{"ring", "nodes", "console", "tabs"}
			b.click(`#views [data-view="console"]`)
		}
		b.write("greeting", "written while it was down")
		b.shows(".ring-path", "hint for "+victim)
		b.shows(".ring-centre", "answers")
		b.shows("#console", "The whole request.") // the picture has come to rest
		b.click("#op-key")                        // nothing else is pointed at
		for _, theme := range []string{"light", "dark"} {
			if phone {
				b.click(`#views [data-view="ring"]`)
			}
			b.until(`(document.documentElement.dataset.theme === "` + theme + `") || (document.querySelector("#theme").click(), false)`)
			b.save(name + "-" + theme + ".png")
			for _, view := range views[:len(views)-1] {
				b.click(`#views [data-view="` + view + `"]`)
				b.save(name + "-" + theme + "-" + view + ".png")
			}
			for _, tab := range []string{"timeline", "merkle", "gossip", "operations", "events", "charts", "guide"} {
				switch {
				case phone && tab == "guide":
					b.click(`#views [data-view="guide"]`)
				case phone:
					b.click(`#views [data-view="inside"]`)
					fallthrough
				default:
					b.click("#tab-" + tab)
				}
				b.eval(`document.querySelector("#explore").scrollIntoView()`)
				b.until(`document.querySelector("#panel-` + tab + `").childElementCount > 0`)
				b.save(name + "-" + theme + "-" + tab + ".png")
			}
			if size.width >= 1280 {
				b.click("#taller")
				b.save(name + "-" + theme + "-taller.png")
				b.click("#taller")
			}
			b.eval(`scrollTo(0, 0)`)
			for _, d := range dialogs {
				d.open(b, phone, victim)
				b.save(name + "-" + theme + "-dialog-" + d.name + ".png")
				b.do(press("Escape"))
				b.until(`!document.querySelector("dialog[open], :popover-open")`)
			}
		}
	}
}

// dialogs are all that the page opens above its panels. victim is the node that is dead.
var dialogs = []struct {
	name string
	open func(b *browser, phone bool, victim string)
}{
	{"problems", func(b *browser, _ bool, _ string) { b.click("#problems") }},
	{"partition", func(b *browser, phone bool, _ string) { b.opens(phone, "nodes", "#chaos button:nth-child(2)") }},
	{"slow", func(b *browser, phone bool, _ string) { b.opens(phone, "nodes", "#chaos button:nth-child(3)") }},
	{"isolate", func(b *browser, phone bool, _ string) { b.opensMore(phone, "A", "Cut off A") }},
	{"leave", func(b *browser, phone bool, _ string) { b.opensMore(phone, "A", "Leave A") }},
	{"lose", func(b *browser, phone bool, victim string) {
		b.opens(phone, "nodes", `[aria-label="Revive, disk lost `+victim+`"]`)
	}},
	{"replace", func(b *browser, phone bool, victim string) { b.opensMore(phone, victim, "Replace "+victim) }},
	{"remove", func(b *browser, phone bool, victim string) { b.opensMore(phone, victim, "Remove "+victim) }},
	{"reset", func(b *browser, phone bool, _ string) {
		if !phone {
			b.click("#tab-guide")
		}
		b.opens(phone, "guide", ".reset")
	}},
}

// opens clicks what opens a dialog, in the panel where it is.
func (b *browser) opens(phone bool, view, selector string) {
	b.Helper()
	if phone {
		b.click(`#views [data-view="` + view + `"]`)
	}
	b.click(selector)
	b.until(`document.querySelector("dialog[open]")`)
}

// opensMore opens a dialog by one of the buttons that a node's card hides.
func (b *browser) opensMore(phone bool, node, label string) {
	b.Helper()
	if phone {
		b.click(`#views [data-view="nodes"]`)
	}
	b.until(`(document.querySelector('#cards [data-node="` + node + `"] details').open = true)`)
	b.opens(phone, "nodes", `[aria-label="`+label+`"]`)
	b.until(`(document.querySelector('#cards [data-node="` + node + `"] details').open = false, true)`)
}

// save takes a picture of what the window shows.
func (b *browser) save(name string) {
	b.Helper()
	b.until(`document.getAnimations().every((a) => !(a instanceof CSSTransition))`) // a change of theme fades
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name), picture, 0o644); err != nil {
		b.Fatal(err)
	}
}

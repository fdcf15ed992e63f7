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
	address := startDemo(t)
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
	for _, size := range []struct{ width, height int64 }{{1440, 900}, {1366, 768}, {1024, 768}, {390, 844}} {
		b := openBrowser(t, address, size.width, size.height)
		b.until(`document.querySelectorAll("#cards .card").length === 5 && !document.querySelector("#policy").disabled`)
		phone := size.width < 500
		if phone {
			b.click(`#views [data-view="console"]`)
		}
		b.write("greeting", "written while it was down")
		b.shows(".ring-path", "hint for "+victim)
		b.click("#op-key") // nothing else is pointed at
		if phone {
			b.click(`#views [data-view="ring"]`)
		}
		for _, theme := range []string{"light", "dark"} {
			b.until(`(document.documentElement.dataset.theme === "` + theme + `") || (document.querySelector("#theme").click(), false)`)
			b.save(fmt.Sprintf("picture-%d-%s.png", size.width, theme))
		}
		if phone {
			for _, view := range []string{"nodes", "console", "inside"} {
				b.click(`#views [data-view="` + view + `"]`)
				b.save(fmt.Sprintf("picture-%d-%s.png", size.width, view))
			}
			continue
		}
		b.click("#tab-operations")
		b.shows("#panel-operations", "under way")
		b.save(fmt.Sprintf("picture-%d-operations.png", size.width))
	}
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

package dashboard_test

import (
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
)

// told returns what the page says of the step that a replay has reached.
const told = `document.querySelector("#console .replay-said").textContent`

func TestBrowser_Replay_GoesThroughARequestStepByStep(t *testing.T) {
	_, b := openFake(t)
	b.click(`[aria-label="Kill D"]`) // the first primary of the key
	b.shows(`#cards [data-node="D"]`, "killed")
	b.write("cart", "x")
	b.until(told + ` === "The whole request."`)
	b.do(focus(".replay button:nth-child(2)"))
	stops, err := strconv.Atoi(b.eval(`import("./js/store.js").then(({state}) => state.replay.film.stops.length)`))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{} // what is said of a stop -> the row of the trace that is marked
	ahead := -1
	for stop := stops; stop > 0; stop-- { // from the end back to the beginning
		b.do(press([]string{"Enter", "ArrowLeft"}[stop%2]))
		b.shows(".replay-said", strconv.Itoa(stop)+" of "+strconv.Itoa(stops)+". ")
		rows[b.eval(told+`.replace(/^\d+ of \d+\. /, "")`)] = b.eval(`document.querySelector("#console .step[aria-current=step] .what")?.textContent ?? ""`)
		now, err := strconv.Atoi(b.eval(`document.querySelectorAll("#console .step.ahead").length`))
		if err != nil || now < ahead {
			t.Errorf("at stop %d, %d steps are to come, after %d at the stop behind it", stop, now, ahead)
		}
		ahead = now
	}
	for said, row := range map[string]string{
		"A takes the request.": "", "A, the coordinator, stores the write itself.": "write here", "E has stored the write, and acknowledges it.": "write",
		"D is known to be down, and is not asked.": "skipped", "B stands in for D: it stores the write, with a hint for D.": "hint for D",
		"The client has its answer, after 1.24 ms.": "",
	} {
		if got, ok := rows[said]; !ok || got != row {
			t.Errorf("at %q the row %q is marked, want %q; the stops are %q", said, got, row, rows)
		}
	}
	b.do(press("ArrowLeft"))
	b.until(told + ` === "The client sends the request."`)
	b.until(`document.querySelectorAll(".trail").length === 0 && document.querySelectorAll("#console .step:not(.ahead)").length === 0`)
	for range stops + 1 {
		b.do(press("ArrowRight"))
	}
	b.until(told + ` === "The whole request." && document.querySelectorAll(".trail").length === 2`)
}

func TestBrowser_Replay_PlaysSlowlyAndStaysWhereItIsPaused(t *testing.T) {
	_, b := openFake(t)
	b.write("cart", "x")
	b.until(told + ` === "The whole request."`)
	b.fill(".replay select", "0.1")
	b.do(focus(".replay button"), press("Enter"))
	b.until(`document.querySelector(".replay button").textContent === "Pause"`)
	b.shows(".replay-said", "1 of ")
	b.do(press("Enter"))
	b.until(`document.querySelector(".replay button").textContent === "Play"`)
	moment := b.eval(`document.querySelector(".ring-packets").innerHTML + ` + told)
	// It stays, also through redraws of the page that the cluster causes.
	b.eval(`new Promise((resolve) => { let n = 0; const again = () => (++n > 60 ? resolve() : requestAnimationFrame(again)); again(); })`)
	if now := b.eval(`document.querySelector(".ring-packets").innerHTML + ` + told); now != moment {
		t.Errorf("paused at %q, it went on to %q", moment, now)
	}
	b.fill(".replay select", "1")
	b.do(press("Enter"))
	b.until(told + ` === "The whole request." && document.querySelectorAll(".ring-packets *").length === 0`)
}

func TestBrowser_ReplayOfATraceOffTheRing_PutsItThereAgain(t *testing.T) {
	_, b := openFake(t)
	b.write("cart", "x")
	b.until(told + ` === "The whole request."`)
	b.click("#ring-facts button") // Clear
	b.until(`document.querySelectorAll(".trail").length === 0`)
	b.click(".replay button:nth-child(2)")
	b.until(`document.querySelectorAll(".trail").length > 0`)
	b.shows(".replay-said", "The client has its answer")
}

// On a projector the ring, the step of a scenario and the trace are seen at once.
func TestBrowser_Projector_ShowsRingStepAndTraceTogether(t *testing.T) {
	f := startFake(t, 5, 256)
	b := openBrowser(t, f.server.URL, 1024, 768)
	b.until(`document.querySelectorAll("#cards .card").length === 5`)
	b.until(`document.querySelector(".scenario .go:not([aria-disabled])") !== null`)
	for _, outcome := range []string{"are met first", "coordinated;"} {
		b.click(".scenario .go")
		b.shows(".scenario", outcome)
	}
	b.until(`scrollY === 0`)
	for _, selector := range []string{".ring-bed", ".scenario .current", ".scenario .go", ".replay", "#console .step:nth-child(1)", "#console .step:nth-child(3)"} {
		b.until(`((e) => {
			const r = e.getBoundingClientRect();
			const hit = document.elementFromPoint(r.left + r.width / 2, r.top + 4), end = document.elementFromPoint(r.left + r.width / 2, r.bottom - 4);
			return r.top >= 0 && r.bottom <= innerHeight && (e.matches(".ring-bed") || e.contains(hit) && e.contains(end));
		})(document.querySelector(` + quoted(selector) + `))`)
	}
}

func TestBrowser_HeldHintsAndPausedRepair_AreShownAndEnded(t *testing.T) {
	f, b := openFake(t)
	for _, button := range []string{"#time button:nth-child(1)", "#time button:nth-child(2)"} {
		b.click(button)
		b.until(`document.querySelector(` + quoted(button) + `).getAttribute("aria-pressed") === "true"`)
	}
	f.mu.Lock()
	held, paused := f.mu.held, f.mu.paused
	f.mu.Unlock()
	if !held || !paused {
		t.Errorf("hints held: %v, anti-entropy paused: %v", held, paused)
	}
	b.do(focus("#time button:nth-child(1)"), press("Enter"), focus("#time button:nth-child(2)"), press("Enter"))
	b.until(`document.querySelectorAll('#time [aria-pressed="true"]').length === 0`)
	f.mu.Lock()
	held, paused = f.mu.held, f.mu.paused
	f.mu.peaceful = true
	f.mu.Unlock()
	if held || paused {
		t.Errorf("hints held: %v, anti-entropy paused: %v", held, paused)
	}
	b.until(`document.querySelector("#time button").getAttribute("aria-disabled") === "true"`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#time button").click()`))
	b.shows("#notices", "without --chaos")
}

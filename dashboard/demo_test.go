package dashboard_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var built string // the directory of the program

// buildProgram builds the program, once for all tests, and returns its path.
var buildProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "quorate-dashboard")
	if err != nil {
		return "", err
	}
	built = dir
	program := filepath.Join(dir, "quorate")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/quorate/quorate/cmd/quorate").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return program, nil
})

// startDemo runs a demo of five nodes, and returns the address of its first dashboard. Its ports
// are 400 from firstPort on.
func startDemo(t *testing.T, firstPort int) string {
	if testing.Short() {
		t.Skip("a demo is not started in short mode")
	}
	t.Parallel()
	program, err := buildProgram()
	if err != nil {
		t.Fatal(err)
	}
	// Ports that are taken are skipped. These lie below those of outgoing
	// connections, one of which might take a port just before the demo does.
	cmd := exec.CommandContext(context.Background(), program, "demo", "--log-level", "warn",
		"--client-port", strconv.Itoa(firstPort), "--peer-port", strconv.Itoa(firstPort+100), "--admin-port", strconv.Itoa(firstPort+200))
	var faults bytes.Buffer
	cmd.Stderr = &faults
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ended := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer ended.Stop()
		_ = cmd.Wait()
	})
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if found := address.FindString(lines.Text()); found != "" {
			go func() { // until the demo ends, which closes the pipe
				for lines.Scan() {
				}
			}()
			return found
		}
	}
	_ = cmd.Wait()
	t.Fatalf("the demo ended: %s", faults.String())
	return ""
}

// It uses every panel as a person would, on nodes that are really killed.
func TestBrowserDemo_EveryPanel_WorksOnARealCluster(t *testing.T) {
	b := openBrowser(t, startDemo(t, 10100), 1440, 900)
	b.until(`document.querySelectorAll("#cards .chip.good:not([hidden])").length === 5`)
	b.until(`document.querySelectorAll(".ring-band path").length === 5`)

	t.Log("a write, its trace and its walk")
	b.write("greeting", "hello")
	b.until(`document.querySelectorAll("#console .step").length >= 3`)
	b.until(`document.querySelectorAll(".badge.primary").length === 3`)
	b.click(".ops-row button")
	b.shows("#console .answer", "hello")

	t.Log("a dead node, a hint, its delivery")
	victim := b.eval(`[...document.querySelectorAll(".badge.primary text")].map((t) => t.textContent).filter((n) => n !== "A").at(-1)`)
	b.click(`[aria-label="Kill ` + victim + `"]`)
	b.shows(`#cards [data-node="`+victim+`"]`, "killed")
	b.until(`document.querySelector('.ring-nodes [data-node="` + victim + `"]').classList.contains("gone")`)
	b.write("greeting", "written while it was down")
	b.shows("#console .trace", "hint for "+victim)
	b.shows("#cards", "for "+victim)
	b.shows(".ring-path", "hint for "+victim)
	b.click(`[aria-label="Revive ` + victim + `"]`)
	b.shows(`#cards [data-node="`+victim+`"] .card-top`, "up")
	b.until(`!document.querySelector("#cards").textContent.includes("keeps")`)

	t.Log("the death of the page's own node, whose admin port goes on")
	b.allowRefusals()
	b.click(`[aria-label="Kill A"]`)
	b.shows(`#cards [data-node="A"]`, "killed")
	b.write("greeting", "still here")
	b.click(`[aria-label="Revive A"]`)
	b.shows(`#cards [data-node="A"] .card-top`, "up")
	b.until(`!document.querySelector("#cards").textContent.includes("keeps")`)

	t.Log("a conflict, and its resolution")
	b.fill("#op-context", "empty")
	b.write("cart", `["book"]`)
	b.write("cart", `["pen"]`)
	b.click(".ops-row button")
	b.until(`document.querySelectorAll(".sibling").length === 2`)
	b.click(".conflict .primary")
	b.shows("#notices", "Resolved")
	b.click(".ops-row button")
	b.shows("#console .answer .value", "book")
	b.shows("#console .answer .value", "pen")

	t.Log("its history")
	b.click("#tab-timeline")
	b.until(`document.querySelectorAll("#panel-timeline .version").length === 3`)
	b.until(`document.querySelectorAll("#panel-timeline .edge").length === 2`)

	t.Log("a deletion")
	b.allow("404 (Not Found)") // what the browser itself notes of the answer that a key is missing
	b.fill("#op-context", "carried")
	b.click(".ops-row .danger")
	b.shows("#console .answer", "Deleted")
	b.click(".ops-row button")
	b.shows("#console .answer", "Not found")

	t.Log("N, R, W")
	b.fill("#q-r", "1")
	b.fill("#q-w", "3")
	b.click("#quorum .primary")
	b.shows("#notices", "In force: N 3, R 1, W 3")
	b.until(`document.querySelector("#quorum .primary").ariaDisabled === "true"`)
	b.fill("#q-r", "2")
	b.fill("#q-w", "2")
	b.click("#quorum .primary")
	b.shows("#notices", "In force: N 3, R 2, W 2")

	t.Log("links")
	b.click("#chaos button:nth-child(2)")
	b.click("dialog [type=submit]")
	b.until(`document.querySelectorAll(".link-cut").length === 6`)
	b.write("cart", "written on one side") // A and C keep it on this side, D is on the other
	b.click("#tab-merkle")
	b.shows("#panel-merkle", "pairs of replicas differ")
	b.until(`document.querySelectorAll("#panel-merkle .strip .bad").length === 1`)
	b.click("#chaos button:nth-child(4)")
	b.until(`document.querySelectorAll(".link-cut").length === 0`)

	t.Log("Merkle trees, gossip, events, charts")
	b.click("#tab-merkle")
	b.until(`document.querySelectorAll("#panel-merkle .pair").length === 10`)
	b.until(`[...document.querySelectorAll("#cards .card-top .chip")].every((c) => c.textContent === "up")`)
	b.click("#panel-merkle .primary")
	b.shows("#notices", "Compared with all replicas")
	b.shows("#panel-merkle", "hold the same")
	b.click("#tab-gossip")
	b.until(`document.querySelectorAll("#panel-gossip tbody tr").length === 5`)
	b.shows("#panel-gossip", "of gossip")
	b.click("#tab-events")
	b.until(`document.querySelectorAll("#panel-events .event").length > 3`)
	b.click("#tab-charts")
	b.until(`/reads [\d.]+k?\/s/.test(document.querySelector("#panel-charts canvas").getAttribute("aria-label"))`)
}

func TestBrowserDemo_EveryScenario_DoesWhatItSays(t *testing.T) {
	b := openBrowser(t, startDemo(t, 10500), 1440, 900)
	b.allowRefusals()
	b.allow("404 (Not Found)")
	b.until(`document.querySelectorAll("#cards .chip.good:not([hidden])").length === 5`)
	for _, scenario := range strings.Split(b.eval(`[...document.querySelectorAll("[data-scenario]")].map((e) => e.dataset.scenario).join()`), ",") {
		t.Log(scenario)
		b.click(`[data-scenario="` + scenario + `"]`)
		b.until(`document.querySelector('[data-scenario="` + scenario + `"]').getAttribute("aria-current") === "true"`)
		steps, err := strconv.Atoi(b.eval(`document.querySelectorAll(".scenario-steps > li").length`))
		if err != nil {
			t.Fatal(err)
		}
		for step := 1; step <= steps; step++ {
			// In one go: the page draws the button anew now and then, and a mouse that is down then clicks nothing.
			b.until(`((go) => go !== null && (go.click(), true))(document.querySelector(".scenario .go:not([aria-disabled])"))`)
			b.until(`document.querySelectorAll(".scenario-steps .past").length >= ` + strconv.Itoa(step) + ` || document.querySelector(".scenario .outcome.bad") !== null`)
			if failed := b.eval(`document.querySelector(".scenario .outcome.bad")?.textContent ?? ""`); failed != "" {
				t.Fatalf("%s, step %d: %s", scenario, step, failed)
			}
			t.Log(b.eval(`[...document.querySelectorAll(".scenario-steps .outcome")].at(-1).textContent`))
			if scenario == "disk" && step == 3 {
				b.shows(".scenario .leaves", "tour:disk:")
				b.until(`document.querySelectorAll(".scenario .descent rect.bad").length >= 6`)
			}
		}
		b.shows(".scenario .restored", "Everything that was changed is as it was before.")
	}
	b.until(`document.querySelectorAll("#cards .chip.good:not([hidden])").length === 5`)
	b.until(`document.querySelector("#health").textContent === "All 5 nodes are up."`)
	if left := b.eval(`fetch("api/data?match=tour:*&count=1000").then((r) => r.json()).then((p) => p.keys.map((k) => k.key).join())`); left != "" {
		t.Errorf("the scenarios left %s behind", left)
	}
}

// allowRefusals allows what the browser notes of requests that a node refuses while it starts
// again, or cannot answer in time while others are dead or cut off. The page asks for several
// things at intervals of its own, so any of them may come at such a moment.
func (b *browser) allowRefusals() {
	b.allow("503 (Service Unavailable) "+b.origin+"/api/", "504 (Gateway Timeout) "+b.origin+"/api/")
}

// write puts a value through the console.
func (b *browser) write(key, value string) {
	b.Helper()
	b.fill("#op-key", key)
	b.fill("#op-value", value)
	b.eval(`document.querySelector("#console .answer").replaceChildren()`) // what comes then is new
	b.click(".ops-row .primary")
	b.shows("#console .answer", "Written")
}

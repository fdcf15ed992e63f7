package dashboard_test

import "testing"

func openFake(t *testing.T) (*fake, *browser) {
	f := startFake(t, 5, 256)
	b := openBrowser(t, f.server.URL, 1440, 900)
	b.until(`document.querySelectorAll("#cards .card").length === 5`)
	b.until(`document.querySelectorAll(".ring-band path").length === 5`)
	return f, b
}

// makeTrouble kills a node, and makes a key with two values.
func (b *browser) makeTrouble() {
	b.Helper()
	b.click(`[data-node="D"] [aria-label="Kill D"]`)
	b.shows(`#cards [data-node="D"]`, "killed")
	b.fill("#op-context", "empty")
	b.write("cart", `["book"]`)
	b.write("cart", `["pen"]`)
	b.click(".ops-row button")
	b.until(`document.querySelectorAll(".sibling").length === 2`)
}

func TestBrowser_KilledNode_IsShownAndItsWritesAreHinted(t *testing.T) {
	_, b := openFake(t)
	b.click(`[data-node="D"] [aria-label="Kill D"]`)
	b.shows(`#cards [data-node="D"]`, "killed")
	b.until(`document.querySelector('.ring-nodes [data-node="D"]').classList.contains("gone")`)
	b.fill("#op-key", "cart") // D is its first primary
	b.click(".ops-row .primary")
	b.shows("#console .outcome", "Written")
	b.shows("#console .trace", "hint for D")
	b.shows("#cards", "keeps 1 hint for D")
	b.shows(".ring-path", "hint for D")
	b.click(`[data-node="D"] [aria-label="Revive D"]`)
	b.until(`!document.querySelector("#cards").textContent.includes("hint")`)
}

func TestBrowser_PacketOverANode_LeavesTheNodeClickable(t *testing.T) {
	_, b := openFake(t)
	b.eval(`(() => {
		const body = document.querySelector('.ring-nodes [data-node="A"] .body').getBoundingClientRect();
		const packet = document.createElementNS("http://www.w3.org/2000/svg", "circle");
		packet.setAttribute("class", "packet ack");
		packet.setAttribute("r", 1000);
		document.querySelector(".ring-packets").append(packet);
		const top = document.elementFromPoint(body.x + body.width / 2, body.y + body.height / 2);
		top.dispatchEvent(new MouseEvent("click", { bubbles: true }));
	})()`)
	picked := `document.querySelector('#cards [data-node="A"]').classList.contains("picked")`
	b.until(picked)
	b.click(`[aria-label="Kill C"]`)
	b.shows(`#cards [data-node="C"]`, "killed")
	b.until(picked) // the cards were drawn anew meanwhile
}

func TestBrowser_Conflict_IsShownSideBySideAndResolved(t *testing.T) {
	_, b := openFake(t)
	b.fill("#op-key", "basket")
	b.fill("#op-context", "empty")
	for _, value := range []string{`["book"]`, `["pen"]`} {
		b.fill("#op-value", value)
		b.click(".ops-row .primary")
		b.shows("#console .outcome", "Written")
	}
	b.click(".ops-row button")
	b.until(`document.querySelectorAll(".sibling").length === 2`)
	b.until(`document.querySelector("#merged").value === '["book","pen"]'`)
	b.click(".conflict .primary")
	b.shows("#notices", "Resolved")
	b.click(".ops-row button")
	b.shows("#console .answer", `["book","pen"]`)
}

func TestBrowser_Hash_ListsItsFieldsWithTheirVersions(t *testing.T) {
	_, b := openFake(t)
	b.fill("#op-key", "hash:cart")
	b.click(".ops-row button")
	b.shows("#console .outcome", "Found a hash")
	b.shows("#console .outcome", "1200 elements")
	b.until(`[...document.querySelectorAll("#console .answer tbody tr")].map((r) => r.innerText.replace(/\s+/g, " ").trim()).join() === "color blue (A, 1),color green (B, 1),size 42 (A, 1)"`)
	b.shows("#console .answer", "The first 3 are listed")
}

func TestBrowser_ImpossibleQuorum_CannotBeApplied(t *testing.T) {
	_, b := openFake(t)
	b.fill("#q-r", "4")
	b.shows("#quorum", "R cannot be more than N")
	b.until(`document.querySelector("#quorum .primary").ariaDisabled === "true"`)
	b.fill("#q-r", "1")
	b.fill("#q-w", "1")
	b.shows("#quorum", "may miss the latest write")
	b.click("#quorum .primary")
	b.shows("#notices", "In force: N 3, R 1, W 1")
	b.until(`document.querySelector("#quorum .primary").ariaDisabled === "true"`)
	b.fill("#q-n", "9")
	b.click("#quorum .primary")
	b.shows("#notices", "Set: N 9, R 1, W 1. In force until there are 9 nodes: N 5, R 1, W 1.")
}

func TestBrowser_DeadNode_LeavesItsLastPictureAndComesBack(t *testing.T) {
	f, b := openFake(t)
	b.allow("ERR_", "503", "Failed to load")
	f.mu.Lock()
	f.mu.streaming = false
	f.mu.Unlock()
	f.server.CloseClientConnections()
	b.shows("#link", "this is the last picture")
	b.until(`document.querySelectorAll("#cards .card").length === 5`)
	f.mu.Lock()
	f.mu.streaming = true
	f.mu.Unlock()
	b.shows("#link", "live")
}

func TestBrowser_Keyboard_WalksTheRing(t *testing.T) {
	_, b := openFake(t)
	b.do(focus(".ring-slider"), press("ArrowRight"), press("ArrowRight"))
	b.shows("#ring-explain", "Partition 2 holds slots 128 to 191")
	b.do(focus(`.ring-nodes [data-node="C"]`))
	b.shows("#ring-explain", "C is up")
	b.fill("#find-key", "cart")
	b.do(focus("#find-key"), press("Enter"))
	b.shows("#ring-facts", "15997")
	b.until(`document.querySelectorAll(".badge.primary").length === 3`)
}

func TestBrowser_NodeInTrouble_IsNotShownAsUp(t *testing.T) {
	for _, test := range []struct {
		name         string
		trouble      func(*fake)
		card, health string
	}{
		{"read-only", func(f *fake) { f.mu.readOnly = "store is read-only: disk full" }, "read-only", "B refuses writes: store is read-only: disk full"},
		{"being filled", func(f *fake) { f.mu.refilling = "its disk was lost, or is a new one" }, "being filled", "B is being filled by the others"},
		{"wrong clock", func(f *fake) { f.mu.clockOff = -180_000 }, "wrong clock", "B has a clock that is 3 min behind the others'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, b := openFake(t)
			f.mu.Lock()
			test.trouble(f)
			f.mu.Unlock()
			b.shows(`#cards [data-node="B"]`, test.card)
			b.shows("#health", test.health)
		})
	}
}

func TestBrowser_DeadNode_IsReplaced(t *testing.T) {
	_, b := openFake(t)
	b.click(`[data-node="D"] [aria-label="Kill D"]`)
	b.shows(`#cards [data-node="D"]`, "killed") // until then the buttons move
	b.click(`[aria-label="More for D"]`)
	b.click(`[data-node="D"] [aria-label="Replace D"]`)
	b.click("dialog [type=submit]")
	b.shows("#notices", "The place of D is vacant")
	b.shows(`#cards [data-node="D"]`, "place vacant")
}

func TestBrowser_Disk_CountsAsFullUntilItIsToldOtherwise(t *testing.T) {
	f, b := openFake(t)
	full := `[data-node="B"] [aria-label="Disk full B"]`
	b.click(`[aria-label="More for B"]`)
	b.until(`document.querySelector('` + full + `').ariaPressed === "false"`)
	b.do(focus(full), press("Enter"))
	b.shows("#notices", "The disk of B counts as full")
	b.shows(`#cards [data-node="B"]`, "read-only")
	b.shows("#health", "B refuses writes: disk nearly full, on purpose")
	b.until(`document.activeElement === document.querySelector('` + full + `') && document.activeElement.ariaPressed === "true"`)
	b.do(press("Enter"))
	b.shows("#notices", "The disk of B counts as it is")
	b.until(`document.querySelector('#cards [data-node="B"]').parts.state.textContent === "up"`)
	f.mu.Lock()
	f.mu.readOnly = "disk nearly full: 5 KiB free"
	f.mu.Unlock()
	b.until(`document.querySelector('` + full + `').title === "It refuses writes already: disk nearly full: 5 KiB free" && document.activeElement.ariaPressed === "false"`)
	f.mu.Lock()
	f.mu.readOnly = ""
	f.mu.Unlock()
	b.click(`[aria-label="Kill B"]`)
	b.shows(`#cards [data-node="B"]`, "killed")
	b.until(`document.querySelector('` + full + `').title === "It does not answer."`)
	f.mu.Lock()
	f.mu.peaceful = true
	f.mu.Unlock()
	b.until(`document.querySelector('` + full + `').title.includes("without --chaos")`)
	b.do(focus(full), press("Enter"))
	b.shows("#notices", "Faults are not allowed")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.full["B"] {
		t.Error("a button that is forbidden filled the disk")
	}
}

func TestBrowser_ConflictPolicy_IsShownAndChanged(t *testing.T) {
	_, b := openFake(t)
	b.until(`document.querySelector("#policy").value === "lww" && !document.querySelector("#policy").disabled`)
	b.shows("#policy-meaning", "shows the newest value")
	b.fill("#policy", "merge")
	b.shows("#notices", "In force on every node: conflict-resolution merge")
	b.shows("#policy-meaning", "Changed through A")
}

func TestBrowser_Operations_ShowProgressAndAreCancelled(t *testing.T) {
	_, b := openFake(t)
	b.click("#tab-operations")
	b.shows("#panel-operations", "1 operation under way")
	b.shows("#panel-operations", "about 20 min left")
	b.shows("#panel-operations", "3 of 64")
	b.until(`document.querySelector("#panel-operations progress").value === 3 && document.querySelector("#panel-operations progress").max === 64`)
	b.shows("#panel-operations", "C does not answer")
	b.shows("#panel-operations", "A keeps old tombstones, because C does not answer")
	b.shows("#panel-operations", "D does not answer")
	b.click(`[aria-label="Cancel B-2"]`)
	b.shows("#notices", "B-2 is cancelled")
	b.shows("#panel-operations", "Nothing is under way")
}

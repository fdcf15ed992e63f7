package dashboard_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is a page in a real Chromium, with a storage of its own. An error or a warning in its console fails the
// test, and so does a request to another origin.
type browser struct {
	testing.TB
	ctx    context.Context
	origin string

	mu struct {
		sync.Mutex
		faults  []string
		allowed []string // parts of console messages that the test provokes
	}
}

// stepTimeout bounds one step of a test.
const stepTimeout = 2 * time.Minute

// openBrowser opens the page at an address.
func openBrowser(t testing.TB, address string, width, height int64) *browser {
	origin, _, _ := strings.Cut(address, "/#")
	b := &browser{TB: t, origin: origin}
	b.ctx = openPage(t, b.watch)
	b.do(command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}),
		chromedp.EmulateViewport(width, height), chromedp.Navigate(address))
	t.Cleanup(b.check)
	return b
}

// command makes a step that sends one command of the protocol.
func command[P, R any](cmd cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, cmd, params)
		return err
	})
}

func (b *browser) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := "exception: " + e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		b.fault(text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text := "console:"
			for _, a := range e.Args {
				text += " " + string(a.Value) + a.Description
			}
			b.fault(text)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.fault("log: " + e.Entry.Text + " " + e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, b.origin) && !strings.HasPrefix(u, "data:") {
			b.fault("request beyond the origin: " + u)
		}
	}
}

func (b *browser) fault(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.faults = append(b.mu.faults, text)
}

// allow says which console messages the test provokes on purpose.
func (b *browser) allow(parts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.allowed = append(b.mu.allowed, parts...)
}

func (b *browser) check() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.mu.faults {
		if !slices.ContainsFunc(b.mu.allowed, func(part string) bool { return strings.Contains(fault, part) }) {
			b.Error(fault)
		}
	}
}

// do runs steps, or fails the test.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.Fatalf("the page did not get there: %v\n%s", err, b.text())
	}
}

// text returns the text of the page, for the message of a failure.
func (b *browser) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body?.innerText ?? ""`))
	if err != nil {
		return err.Error()
	}
	return text
}

// until waits for a JavaScript expression to become true.
func (b *browser) until(expression string) {
	b.Helper()
	b.do(chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(stepTimeout)))
}

// eval returns the value of an expression, or of its promise, as text.
func (b *browser) eval(expression string) string {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("Promise.resolve("+expression+").then(String)", chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return text
}

// shows waits for text within an element.
func (b *browser) shows(selector, text string) {
	b.Helper()
	b.until("document.querySelector(" + quoted(selector) + ")?.textContent.includes(" + quoted(text) + ")")
}

// click clicks the first visible element that matches. The page may draw it anew between the look
// for it and the click: then it is looked for again.
func (b *browser) click(selector string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	for {
		err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
		var refused *cdproto.Error
		if gone := errors.As(err, &refused) && strings.Contains(refused.Message, "Could not find node"); gone && ctx.Err() == nil {
			continue
		}
		if err != nil {
			b.Fatalf("%s cannot be clicked: %v\n%s", selector, err, b.text())
		}
		return
	}
}

// fill replaces what a field holds, as typing would.
func (b *browser) fill(selector, text string) {
	b.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`{const e = document.querySelector(` + quoted(selector) + `); e.value = ` + quoted(text) +
		`; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true}));}`))
}

func quoted(s string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`", "${", "\\${").Replace(s) + "`"
}

func focus(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void]("document.querySelector(" + quoted(selector) + ").focus()")
}

// press presses a key: a printable one, or one that has a name.
func press(key string) chromedp.Action[chromedp.Void] {
	if named, ok := map[string]string{"ArrowRight": kb.ArrowRight, "ArrowLeft": kb.ArrowLeft, "Enter": kb.Enter, "Escape": kb.Escape, "Tab": kb.Tab}[key]; ok {
		key = named
	}
	return chromedp.KeyEvent(key)
}

package dashboard_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestMain stops what the tests share: a Chromium, and the built program.
func TestMain(m *testing.M) {
	code := m.Run()
	stopChromium()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// chromium is the path of the installed Chromium, or "".
var chromium = sync.OnceValue(func() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
})

var stopChromium = func() {}

// sharedChromium starts the one Chromium of all tests. Each test opens pages in contexts of
// their own, which share no storage.
var sharedChromium = sync.OnceValues(func() (context.Context, error) {
	// Chromium refuses its sandbox to root, who runs the tests in containers.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium()), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stopChromium = func() { cancel(); stop() }
	return ctx, chromedp.Do(ctx)
})

// openPage returns the context of a new page, which is closed at the end of the test.
func openPage(t testing.TB, listen func(event any)) context.Context {
	if testing.Short() {
		t.Skip("a browser is not started in short mode")
	}
	if chromium() == "" {
		t.Skip("no Chromium is installed (apt-get install chromium)")
	}
	shared, err := sharedChromium()
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	ctx, cancel := chromedp.NewContext(shared, chromedp.WithNewBrowserContext(), chromedp.WithListener(listen))
	t.Cleanup(cancel)
	// The page lives as long as the context of its first step, which has no deadline.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a page: %v", err)
	}
	return ctx
}

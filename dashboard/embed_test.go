package dashboard_test

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/quorate/quorate/dashboard"
)

func serve(t *testing.T, method, path string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	dashboard.Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestHandler_EveryFile_IsServedWithItsTypeUnderThePolicy(t *testing.T) {
	files := 0
	err := fs.WalkDir(os.DirFS("assets"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		response := serve(t, "GET", "/"+name, nil)
		got, _ := io.ReadAll(response.Body)
		want, err := os.ReadFile("assets/" + name)
		if response.StatusCode != http.StatusOK || string(got) != string(want) {
			t.Errorf("%s: %s, %d bytes of %d", name, response.Status, len(got), len(want))
		}
		if response.Header.Get("Content-Type") == "" || strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: Content-Type %q", name, response.Header.Get("Content-Type"))
		}
		policy := response.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %q", name, policy, part)
			}
		}
		if response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: its type may be guessed", name)
		}
		return err
	})
	if err != nil || files < 10 {
		t.Fatalf("%d files: %v", files, err)
	}
}

func TestHandler_Root_IsThePage(t *testing.T) {
	response := serve(t, "GET", "/", nil)
	page, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK || !strings.Contains(string(page), "<title>quorate</title>") {
		t.Fatalf("%s\n%s", response.Status, page)
	}
}

func TestHandler_SameETag_IsNotSentAgain(t *testing.T) {
	etag := serve(t, "GET", "/", nil).Header.Get("Etag")
	if response := serve(t, "GET", "/", http.Header{"If-None-Match": {etag}}); response.StatusCode != http.StatusNotModified {
		t.Errorf("with ETag %s: %s", etag, response.Status)
	}
	if other := serve(t, "GET", "/js/main.js", nil).Header.Get("Etag"); other == etag || other == "" {
		t.Errorf("two files have the ETag %q", other)
	}
}

func TestHandler_WhatIsNotThere_IsRefusedUnderThePolicy(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/nothing", http.StatusNotFound},
		{"GET", "/css", http.StatusNotFound},
		{"GET", "/../embed.go", http.StatusNotFound},
		{"POST", "/", http.StatusMethodNotAllowed},
	} {
		response := serve(t, c.method, c.path, nil)
		if response.StatusCode != c.status || response.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s %s: %s, policy %q", c.method, c.path, response.Status, response.Header.Get("Content-Security-Policy"))
		}
	}
}

// What the policy would refuse, or what would make markup of data, is not written
// in the first place.
func TestAssets_HaveNoInlineCodeOrForeignOrigin(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style"|javascript:|<style|\sstyle=|<[a-z][^>]*\son[a-z]+=|https?://`)
	allowed := "http://www.w3.org/2000/svg" // a namespace, not a place
	err := fs.WalkDir(os.DirFS("assets"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile("assets/" + name)
		for i, line := range strings.Split(strings.ReplaceAll(string(text), allowed, ""), "\n") {
			if found := forbidden.FindString(line); found != "" {
				t.Errorf("%s:%d: %q", name, i+1, found)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

package fanout

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

// member returns a member whose admin port answers with h.
func member(t *testing.T, name string, h http.HandlerFunc) ring.Member {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return ring.Member{Name: name, AdminAddr: strings.TrimPrefix(s.URL, "http://")}
}

func reports(status string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !Proxied(r) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		_ = json.NewEncoder(w).Encode(api.Node{Status: status})
	}
}

func TestAll_SilentAndRefusingMembers_AreMissing(t *testing.T) {
	p := New(func() string { return "" }, func() string { return "c" }, nil)
	defer p.Close()
	members := []ring.Member{
		member(t, "A", reports("up")),
		member(t, "B", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }),
		member(t, "C", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
		member(t, "D", reports("killed")),
	}
	answers, missing := All[api.Node](t.Context(), p, members, Get("/api/node"))
	if len(answers) != 2 || answers["A"].Status != "up" || answers["D"].Status != "killed" {
		t.Errorf("answers: %v", answers)
	}
	if !slices.Equal(missing, []string{"B", "C"}) {
		t.Errorf("missing: %v, want B and C", missing)
	}
}

func TestPorts_First_IsOneThatPassesTheTest(t *testing.T) {
	p := New(func() string { return "" }, func() string { return "c" }, nil)
	defer p.Close()
	up := func(n api.Node) bool { return n.Status == "up" }
	killed, running := member(t, "A", reports("killed")), member(t, "B", reports("up"))
	if m, err := p.First(t.Context(), []ring.Member{killed, running}, up); err != nil || m != running {
		t.Errorf("found %s, %v, want %s", m.Name, err, running.Name)
	}
	if _, err := p.First(t.Context(), []ring.Member{killed}, up); !errors.Is(err, ErrNoMember) {
		t.Errorf("none runs: %v", err)
	}
}

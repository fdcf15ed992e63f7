package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestClient_Call_SendsTokenAndDecodesAnswer(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("X-Extra") != "1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"n": 3, "r": 1, "w": 2}`))
	})
	for _, at := range []string{addr, strings.TrimPrefix(addr, "http://"), addr + "/"} {
		c := NewClient(Config{Addr: at, Token: "secret", Header: http.Header{"X-Extra": {"1"}}})
		n := 3
		q, err := c.SetQuorums(t.Context(), QuorumChange{N: &n})
		if err != nil || q != (Quorums{N: 3, R: 1, W: 2}) {
			t.Errorf("%s: %+v, %v", at, q, err)
		}
		c.Close()
	}
}

func TestClient_Refusal_IsAStatusError(t *testing.T) {
	c := NewClient(Config{Addr: serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusConflict)
		if r.URL.Path == "/api/node" {
			_, _ = w.Write([]byte(`{"error": "nothing to do"}`))
		}
	})})
	defer c.Close()
	var refusal *StatusError
	if _, err := c.Node(t.Context()); !errors.As(err, &refusal) || refusal.Status != 409 || refusal.Text != "nothing to do" {
		t.Errorf("with a text: %v", err)
	}
	if err := c.Ready(t.Context()); !errors.As(err, &refusal) || refusal.Text != "409 Conflict" {
		t.Errorf("without a text: %v", err)
	}
}

func TestClient_Redirect_IsNotFollowed(t *testing.T) {
	followed := false
	other := serve(t, func(http.ResponseWriter, *http.Request) { followed = true })
	c := NewClient(Config{Token: "secret", Addr: serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other, http.StatusFound)
	})})
	defer c.Close()
	var refusal *StatusError
	if err := c.Ready(t.Context()); !errors.As(err, &refusal) || refusal.Status != http.StatusFound || followed {
		t.Errorf("%v, followed: %v", err, followed)
	}
}

func TestClient_BadAnswers_HaveTheirErrors(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			_, _ = w.Write(make([]byte, MaxAnswer+1))
		case "/page":
			_, _ = w.Write([]byte("<html>"))
		case "/slow":
			<-r.Context().Done()
		}
	})
	c := NewClient(Config{Addr: addr, Timeout: 5 * time.Second})
	defer c.Close()
	var out map[string]any
	if err := c.Call(t.Context(), "GET", "/long", nil, &out); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
	if err := c.Call(t.Context(), "GET", "/page", nil, &out); !errors.Is(err, ErrNotQuorate) {
		t.Errorf("no JSON: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Call(ctx, "GET", "/slow", nil, &out); !errors.Is(err, ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
	if err := c.At("127.0.0.1:1").Ready(t.Context()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody listens: %v", err)
	}
}

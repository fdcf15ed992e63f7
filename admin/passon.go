package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/quorate/quorate/cluster/core/ring"
)

// What this port cannot do itself it passes on to another, by HTTP: what needs a
// node to one whose node runs, while its own is killed; what is about a node of
// another process to that node's port. What came that way is never passed on
// again. And a caller may say which node is to take a request on a key.

// passOn has another node's port answer a request that needs a node.
func (s *Server) passOn(ctx context.Context, w http.ResponseWriter, c *call) {
	addr, err := s.anyone(ctx)
	if err != nil {
		writeError(w, err)
		return
	}
	s.relay(ctx, w, c, addr)
}

// anyone finds the admin port of a member whose node runs: the first to say so.
func (s *Server) anyone(ctx context.Context) (addr string, err error) {
	here, err := s.stands()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, fanoutTimeout)
	defer cancel()
	others := here.others()
	found := make(chan string, len(others))
	for _, m := range others {
		s.asking.Go(func() {
			var facts Facts
			if s.ports.ask(ctx, http.MethodGet, m.AdminAddr, "/api/node", nil, &facts) != nil || facts.Status != statusUp {
				found <- ""
				return
			}
			found <- m.AdminAddr
		})
	}
	for range others {
		if addr := <-found; addr != "" {
			return addr, nil
		}
	}
	return "", fmt.Errorf("%s: %w, and no other node answers", here.self, ErrKilled)
}

// relay sends a request to another port and its answer back.
func (s *Server) relay(ctx context.Context, w http.ResponseWriter, c *call, addr string) {
	answer, err := s.repeat(ctx, c, addr)
	if err != nil {
		writeError(w, err)
		return
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end, or given up
	h := w.Header()
	setHeaders(h)
	h.Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(answer.Body, maxAnswer)) // the caller is gone, or the port: nobody to tell
}

// repeat makes the same request to another port.
func (s *Server) repeat(ctx context.Context, c *call, addr string) (*http.Response, error) {
	r, err := http.NewRequest(c.Method, c.RequestURI, c.Body)
	if err != nil {
		return nil, err
	}
	if r.ContentLength = c.ContentLength; r.ContentLength == 0 {
		r.Body = nil
	}
	if kind := c.Header.Get("Content-Type"); kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set(headerVia, "1")
	return s.ports.send(ctx, addr, r)
}

// portOf finds the admin port of a node that does not run in this process. The
// error is [ErrNotHere] where there is none to ask, or the request was passed on
// already.
func (s *Server) portOf(c *call, node string) (addr string, err error) {
	here, err := s.stands()
	if err != nil {
		return "", err
	}
	m, err := findMember(here.ring, node)
	if err != nil {
		return "", err
	}
	if c.passedOn() || m.Name == here.self || m.AdminAddr == "" {
		return "", fmt.Errorf("%s: %w", m.Name, ErrNotHere)
	}
	return m.AdminAddr, nil
}

// portVia finds the admin port of the node that is to take a request; empty: it
// is this one.
func (s *Server) portVia(node string) (addr string, err error) {
	here, err := s.stands()
	if err != nil {
		return "", err
	}
	m, err := findMember(here.ring, node)
	if err != nil || m.Name == here.self {
		return "", err
	}
	if m.AdminAddr == "" {
		return "", fmt.Errorf("%s: %w", m.Name, ErrNotHere)
	}
	return m.AdminAddr, nil
}

// isNamed tells whether a node of a request, by name or id, is this member.
func isNamed(m ring.Member, node string) bool { return m.Name == node || idText(m.ID) == node }

// elsewhere does what this process could not, at the port of the node that it is
// about; in is the request's body.
func (s *Server) elsewhere(ctx context.Context, c *call, node string, in any, tried error) (any, error) {
	if !errors.Is(tried, ErrNotHere) {
		return nil, fmt.Errorf("%s: %w", node, tried)
	}
	addr, err := s.portOf(c, node)
	if err != nil {
		return nil, err
	}
	var answer any
	if err := s.ports.ask(ctx, c.Method, addr, c.RequestURI, in, &answer); err != nil {
		return nil, err
	}
	return answer, nil
}

package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/quorate/quorate/cluster/ring"
)

// askTimeout bounds what a request may wait for other nodes.
const askTimeout = 5 * time.Second

// Operator carries out what an operator wants of the cluster.
type Operator interface {
	// SetQuorums changes N, R and W for the whole cluster, or nothing.
	SetQuorums(ctx context.Context, n, r, w int) error
	// Alive reports whether a member answers.
	Alive(id ring.NodeID) bool
	// Leave begins the graceful departure of a live member.
	Leave(ctx context.Context, id ring.NodeID) error
	// Remove strikes off a member that is dead.
	Remove(ctx context.Context, id ring.NodeID) error
}

// postConfig changes any of N, R and W; what is left out stays.
func (s *Server) postConfig(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ N, R, W *int }
	if err := readJSON(r, &wanted); err != nil {
		writeError(w, err)
		return
	}
	s.withNode(w, r, func(ctx context.Context, node Node) (any, error) {
		q := node.Ring().Configured()
		for _, change := range []struct{ setting, to *int }{{&q.N, wanted.N}, {&q.R, wanted.R}, {&q.W, wanted.W}} {
			if change.to != nil {
				*change.setting = *change.to
			}
		}
		if err := node.SetQuorums(ctx, q.N, q.R, q.W); err != nil {
			return nil, err
		}
		return map[string]int{"n": q.N, "r": q.R, "w": q.W}, nil
	})
}

// deleteNode takes a node off the ring: a live one leaves, its data moved first;
// of a dead one the others make new copies. ?how=leave or ?how=remove insists on
// one of them. It answers when the departure has begun; GET /api/cluster shows
// how it goes on.
func (s *Server) deleteNode(w http.ResponseWriter, r *http.Request) {
	how := r.URL.Query().Get("how")
	if how != "" && how != "leave" && how != "remove" {
		writeError(w, fmt.Errorf("%w: how is %q, want leave or remove", errBadRequest, how))
		return
	}
	s.withNode(w, r, func(ctx context.Context, node Node) (any, error) {
		member, err := findMember(node.Ring(), r.PathValue("node"))
		if err != nil {
			return nil, err
		}
		became := string(ring.Leaving)
		switch alive := node.Alive(member.ID); {
		case alive && how == "remove":
			err = errNodeIsUp
		case alive:
			err = node.Leave(ctx, member.ID)
		case how == "leave":
			err = errNodeIsDown
		default:
			became = string(ring.Removing)
			err = node.Remove(ctx, member.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member.Name, err)
		}
		return map[string]string{"name": member.Name, "status": became}, nil
	})
}

// findMember finds a member of the ring by its name or its id.
func findMember(r *ring.Ring, node string) (ring.Member, error) {
	for _, m := range r.Members() {
		if m.Name == node || idText(m.ID) == node {
			return m, nil
		}
	}
	return ring.Member{}, fmt.Errorf("%w: %q", ring.ErrUnknownMember, node)
}

func (s *Server) postKill(w http.ResponseWriter, r *http.Request) {
	s.chaos(w, r, s.cfg.Process.Kill, "killed")
}

func (s *Server) postRevive(w http.ResponseWriter, r *http.Request) {
	s.chaos(w, r, func(node string) error { return s.cfg.Process.Revive(node, false) }, "reviving")
}

func (s *Server) chaos(w http.ResponseWriter, r *http.Request, act func(string) error, became string) {
	node := r.PathValue("node")
	if err := act(node); err != nil {
		writeError(w, fmt.Errorf("%s: %w", node, err))
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"node": node, "status": became})
}

// withNode answers a request that needs the node behind the port, and its ring.
func (s *Server) withNode(w http.ResponseWriter, r *http.Request, answer func(context.Context, Node) (any, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), askTimeout)
	defer cancel()
	node, err := s.cfg.Process.Node()
	if err == nil && !isReady(node) {
		err = errNotReady
	}
	if err != nil {
		writeError(w, err)
		return
	}
	body, err := answer(ctx, node)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

func isReady(node Node) bool {
	select {
	case <-node.Ready():
		return true
	default:
		return false
	}
}

// readJSON reads a request's body, which must be one JSON value with no fields
// but into's.
func readJSON(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errBadRequest, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one JSON value", errBadRequest)
	}
	return nil
}

package peer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// handshake is one side of the exchange that begins a stream. doc.go lists its steps.
type handshake struct {
	ours, peer hello
	secret     string
	accepted   []string // secrets that the dialler may prove instead
	dialling   bool
}

// The roles are part of each proof, so that one side's proof cannot be replayed as the
// other's.
const (
	roleDialler  = "quorate dialler"
	roleAcceptor = "quorate acceptor"
)

func (c *Channel) newHandshake(p purpose, class Class, lane Lane, expect causal.NodeID) *handshake {
	h := &handshake{secret: c.cfg.Secret, accepted: c.cfg.AcceptSecrets, ours: hello{
		version: protocolVersion, oldest: oldestVersion, purpose: p, class: class, lane: lane,
		node: c.cfg.Self, expect: expect,
		cluster: c.cfg.ClusterID(), name: c.cfg.Name, instance: c.cfg.Instance,
	}}
	rand.Read(h.ours.nonce[:]) // never fails, see its documentation
	h.ours.raw = h.ours.append(nil)
	return h
}

// prove returns the HMAC that proves knowledge of the secret, or nil without a secret.
// It covers both hellos with their nonces, so that it is valid for this stream only.
func (h *handshake) prove(role string) []byte {
	if h.secret == "" {
		return nil
	}
	dialler, acceptor := h.hellos()
	mac := hmac.New(sha256.New, []byte(h.secret))
	for _, part := range [][]byte{[]byte(role), dialler.raw, acceptor.raw} {
		mac.Write([]byte{byte(len(part) >> 8), byte(len(part))})
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// verifyDialler reports whether a proof is the dialler's with the secret, or with one
// that is accepted. From then on the acceptor proves the same one, which is the only one
// that the dialler is sure to have.
func (h *handshake) verifyDialler(proof []byte) bool {
	if hmac.Equal(proof, h.prove(roleDialler)) {
		return true
	}
	first := h.secret
	for _, h.secret = range h.accepted {
		if h.secret != "" && hmac.Equal(proof, h.prove(roleDialler)) {
			return true
		}
	}
	h.secret = first
	return false
}

func (h *handshake) hellos() (dialler, acceptor *hello) {
	if h.dialling {
		return &h.ours, &h.peer
	}
	return &h.peer, &h.ours
}

// dial does the dialler's part on a new connection. The caller has set a deadline.
func (h *handshake) dial(conn net.Conn) error {
	h.dialling = true
	if _, err := conn.Write(appendMessage([]byte(magic), tagHello, h.ours.raw)); err != nil {
		return fmt.Errorf("send hello: %w", err)
	}
	payload, err := expectMessage(conn, tagHello)
	if err != nil {
		return explainNoHello(err)
	}
	if err := h.takeHello(payload); err != nil {
		return err
	}
	if _, err := conn.Write(appendMessage(nil, tagProof, h.prove(roleDialler))); err != nil {
		return fmt.Errorf("send proof: %w", err)
	}
	proof, err := expectMessage(conn, tagAccept)
	if err != nil {
		return err
	}
	if !hmac.Equal(proof, h.prove(roleAcceptor)) {
		return &RefusedError{Reason: RefusedSecret}
	}
	return nil
}

// explainNoHello says what an address may be that answers a hello with something else,
// or with nothing.
func explainNoHello(err error) error {
	const notPeer = "what listens there is no peer port of quorate; is it a client or an admin port?"
	if refused := (*RefusedError)(nil); errors.As(err, &refused) && !refused.ByPeer && refused.Reason == RefusedMalformed {
		refused.Detail = notPeer
		return refused
	}
	timeout := net.Error(nil)
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, net.ErrClosed) { // the dialler's deadline closes it
		return fmt.Errorf("no hello in answer; if the node is up, %s: %w", notPeer, err)
	}
	return err
}

// accept does the acceptor's part, after the magic. admit may refuse the peer before it
// is accepted.
func (h *handshake) accept(conn net.Conn, admit func(*hello) error) error {
	err := h.acceptHello(conn, admit)
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		payload := append([]byte{byte(refused.Reason)}, h.detailFor(refused)...)
		// The stream ends in any case, and err is the cause.
		_, _ = conn.Write(appendMessage(nil, tagRefusal, payload))
	}
	return err
}

func (h *handshake) acceptHello(conn net.Conn, admit func(*hello) error) error {
	payload, err := expectMessage(conn, tagHello)
	if err != nil {
		return err
	}
	if err := h.takeHello(payload); err != nil {
		return err
	}
	if _, err := conn.Write(appendMessage(nil, tagHello, h.ours.raw)); err != nil {
		return fmt.Errorf("send hello: %w", err)
	}
	proof, err := expectMessage(conn, tagProof)
	if err != nil {
		return err
	}
	if !h.verifyDialler(proof) {
		return &RefusedError{Reason: RefusedSecret}
	}
	if err := admit(&h.peer); err != nil {
		return err
	}
	if _, err := conn.Write(appendMessage(nil, tagAccept, h.prove(roleAcceptor))); err != nil {
		return fmt.Errorf("send proof: %w", err)
	}
	return nil
}

// takeHello stores the other side's hello and checks it.
func (h *handshake) takeHello(payload []byte) error {
	peer, err := parseHello(payload)
	if err != nil {
		return &RefusedError{Reason: RefusedMalformed}
	}
	h.peer = peer
	return h.checkCompatible()
}

// checkCompatible decides whether the two nodes may talk. Both sides decide alike.
func (h *handshake) checkCompatible() error {
	newcomer, host := h.hellos()
	switch {
	case newcomer.oldest > host.version || host.oldest > newcomer.version:
		return &RefusedError{Reason: RefusedVersion, Detail: fmt.Sprintf("%s speaks versions %d to %d, this node %d to %d",
			h.peer.name, h.peer.oldest, h.peer.version, h.ours.oldest, h.ours.version)}
	case host.cluster == "":
		return &RefusedError{Reason: RefusedNotJoined, Detail: host.name}
	case newcomer.cluster == "" && newcomer.purpose == purposeCall:
		// A newcomer wants to join; it may send nothing but Join.
	case newcomer.cluster == "":
		return &RefusedError{Reason: RefusedNotJoined, Detail: newcomer.name}
	case newcomer.cluster != host.cluster:
		return &RefusedError{Reason: RefusedCluster, Detail: fmt.Sprintf("%s belongs to %q, this node to %q",
			h.peer.name, h.peer.cluster, h.ours.cluster)}
	}
	if newcomer.expect != 0 && newcomer.expect != host.node {
		return &RefusedError{Reason: RefusedNode, Detail: host.name + " is here"}
	}
	return nil
}

// detailFor returns the detail of a refusal as the other side should read it.
func (h *handshake) detailFor(r *RefusedError) string {
	switch r.Reason {
	case RefusedVersion:
		return fmt.Sprintf("%s speaks versions %d to %d", h.ours.name, h.ours.oldest, h.ours.version)
	case RefusedCluster:
		return fmt.Sprintf("%s belongs to cluster %q", h.ours.name, h.ours.cluster)
	default:
		return r.Detail
	}
}

// expectMessage reads the next message, which must have the given tag or be a refusal.
func expectMessage(r io.Reader, want byte) ([]byte, error) {
	tag, payload, err := readMessage(r)
	if err != nil {
		if errors.Is(err, errMalformed) {
			return nil, &RefusedError{Reason: RefusedMalformed}
		}
		return nil, fmt.Errorf("handshake: %w", err)
	}
	if tag == tagRefusal && len(payload) > 0 {
		return nil, &RefusedError{Reason: Refusal(payload[0]), Detail: printable(payload[1:]), ByPeer: true}
	}
	if tag != want {
		return nil, &RefusedError{Reason: RefusedMalformed}
	}
	return payload, nil
}

// printable replaces everything but printable ASCII, so that text from the wire can be
// logged.
func printable(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, ch := range b {
		if ch < ' ' || ch > '~' {
			ch = '?'
		}
		out = append(out, ch)
	}
	return string(out)
}

// withDeadline runs a handshake under a deadline and removes it afterwards.
func withDeadline(conn net.Conn, within time.Duration, run func() error) error {
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return fmt.Errorf("set handshake deadline: %w", err)
	}
	if err := run(); err != nil {
		return err
	}
	return conn.SetDeadline(time.Time{})
}

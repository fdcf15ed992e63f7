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

// handshake is one side of the exchange that begins a stream; doc.go tells its
// steps.
type handshake struct {
	ours, peer hello
	secret     string
	dialling   bool
}

// roles keep one side's proof from being played back as the other's.
const (
	roleDialler  = "quorate dialler"
	roleAcceptor = "quorate acceptor"
)

func (c *Channel) newHandshake(p purpose, class Class, expect causal.NodeID) *handshake {
	h := &handshake{secret: c.cfg.Secret, ours: hello{
		version: protocolVersion, oldest: oldestVersion, purpose: p, class: class,
		node: c.cfg.Self, expect: expect,
		cluster: c.cfg.ClusterID(), name: c.cfg.Name, instance: c.cfg.Instance,
	}}
	rand.Read(h.ours.nonce[:]) // never fails, see its documentation
	h.ours.raw = h.ours.append(nil)
	return h
}

// prove is the HMAC that shows knowledge of the secret; empty without one. Both
// hellos are under it, each with its nonce, so that it fits this stream alone.
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

func (h *handshake) hellos() (dialler, acceptor *hello) {
	if h.dialling {
		return &h.ours, &h.peer
	}
	return &h.peer, &h.ours
}

// dial runs the dialler's side on a fresh connection, within a deadline that the
// caller has set on it.
func (h *handshake) dial(conn net.Conn) error {
	h.dialling = true
	if _, err := conn.Write(appendMessage([]byte(magic), tagHello, h.ours.raw)); err != nil {
		return fmt.Errorf("send hello: %w", err)
	}
	payload, err := expectMessage(conn, tagHello)
	if err != nil {
		return err
	}
	if err := h.learn(payload); err != nil {
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

// accept runs the acceptor's side, after the magic. admit has the last word
// before the peer is let in.
func (h *handshake) accept(conn net.Conn, admit func(*hello) error) error {
	err := h.acceptHello(conn, admit)
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		payload := append([]byte{byte(refused.Reason)}, h.detailFor(refused)...)
		// The stream is given up either way, and the cause is err.
		_, _ = conn.Write(appendMessage(nil, tagRefusal, payload))
	}
	return err
}

func (h *handshake) acceptHello(conn net.Conn, admit func(*hello) error) error {
	payload, err := expectMessage(conn, tagHello)
	if err != nil {
		return err
	}
	if err := h.learn(payload); err != nil {
		return err
	}
	if _, err := conn.Write(appendMessage(nil, tagHello, h.ours.raw)); err != nil {
		return fmt.Errorf("send hello: %w", err)
	}
	proof, err := expectMessage(conn, tagProof)
	if err != nil {
		return err
	}
	if !hmac.Equal(proof, h.prove(roleDialler)) {
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

// learn takes in the other side's hello, and judges it.
func (h *handshake) learn(payload []byte) error {
	peer, err := parseHello(payload)
	if err != nil {
		return &RefusedError{Reason: RefusedMalformed}
	}
	h.peer = peer
	return h.judge()
}

// judge decides, on either side alike, whether the two may talk.
func (h *handshake) judge() error {
	guest, host := h.hellos()
	switch {
	case guest.oldest > host.version || host.oldest > guest.version:
		return &RefusedError{Reason: RefusedVersion, Detail: fmt.Sprintf("%s speaks versions %d to %d, this node %d to %d",
			h.peer.name, h.peer.oldest, h.peer.version, h.ours.oldest, h.ours.version)}
	case host.cluster == "":
		return &RefusedError{Reason: RefusedNotJoined, Detail: host.name}
	case guest.cluster == "" && guest.purpose == purposeCall:
		// A newcomer asks to be taken in; it may send nothing but Join.
	case guest.cluster == "":
		return &RefusedError{Reason: RefusedNotJoined, Detail: guest.name}
	case guest.cluster != host.cluster:
		return &RefusedError{Reason: RefusedCluster, Detail: fmt.Sprintf("%s belongs to %q, this node to %q",
			h.peer.name, h.peer.cluster, h.ours.cluster)}
	}
	if guest.expect != 0 && guest.expect != host.node {
		return &RefusedError{Reason: RefusedNode, Detail: host.name + " is here"}
	}
	return nil
}

// detailFor words a refusal from the other side's point of view.
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

// expectMessage reads the next message, which must have the given tag or be a
// refusal.
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

// printable makes text from the wire fit for a log.
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

// shake bounds a handshake by a deadline, and lifts it afterwards.
func shake(conn net.Conn, within time.Duration, run func() error) error {
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return fmt.Errorf("set handshake deadline: %w", err)
	}
	if err := run(); err != nil {
		return err
	}
	return conn.SetDeadline(time.Time{})
}

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

	"github.com/quorate/quorate/cluster/causal"
)

// handshake is one side of the exchange that begins a stream; doc.go tells its
// steps.
type handshake struct {
	ours    hello
	secret  string
	ourRaw  []byte
	peerRaw []byte
	peer    hello
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
	h.ourRaw = h.ours.append(nil)
	return h
}

// prove is the HMAC that shows knowledge of the secret; empty without one. Both
// hellos are under it, each with its nonce, so that it fits this stream alone.
func (h *handshake) prove(role string, dialler, acceptor []byte) []byte {
	if h.secret == "" {
		return nil
	}
	mac := hmac.New(sha256.New, []byte(h.secret))
	for _, part := range [][]byte{[]byte(role), dialler, acceptor} {
		mac.Write([]byte{byte(len(part) >> 8), byte(len(part))})
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// dial runs the dialler's side on a fresh connection, within a deadline that the
// caller has set on it.
func (h *handshake) dial(conn net.Conn) error {
	if _, err := conn.Write(appendMessage([]byte(magic), tagHello, h.ourRaw)); err != nil {
		return fmt.Errorf("send hello: %w", err)
	}
	payload, err := expectMessage(conn, tagHello)
	if err != nil {
		return err
	}
	if err := h.learn(payload); err != nil {
		return err
	}
	if err := h.judge(&h.ours, &h.peer); err != nil {
		return err
	}
	if _, err := conn.Write(appendMessage(nil, tagProof, h.prove(roleDialler, h.ourRaw, h.peerRaw))); err != nil {
		return fmt.Errorf("send proof: %w", err)
	}
	proof, err := expectMessage(conn, tagAccept)
	if err != nil {
		return err
	}
	if !hmac.Equal(proof, h.prove(roleAcceptor, h.ourRaw, h.peerRaw)) {
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
	if err := h.judge(&h.peer, &h.ours); err != nil {
		return err
	}
	if _, err := conn.Write(appendMessage(nil, tagHello, h.ourRaw)); err != nil {
		return fmt.Errorf("send hello: %w", err)
	}
	proof, err := expectMessage(conn, tagProof)
	if err != nil {
		return err
	}
	if !hmac.Equal(proof, h.prove(roleDialler, h.peerRaw, h.ourRaw)) {
		return &RefusedError{Reason: RefusedSecret}
	}
	if err := admit(&h.peer); err != nil {
		return err
	}
	if _, err := conn.Write(appendMessage(nil, tagAccept, h.prove(roleAcceptor, h.peerRaw, h.ourRaw))); err != nil {
		return fmt.Errorf("send proof: %w", err)
	}
	return nil
}

// learn takes in the other side's hello.
func (h *handshake) learn(payload []byte) (err error) {
	h.peerRaw = append([]byte(nil), payload...)
	if h.peer, err = parseHello(payload); err != nil {
		return &RefusedError{Reason: RefusedMalformed}
	}
	return nil
}

// judge decides, on either side, whether the two may talk: guest dialled, host
// answered.
func (h *handshake) judge(guest, host *hello) error {
	if h.peer.oldest > h.ours.version || h.ours.oldest > h.peer.version {
		return &RefusedError{Reason: RefusedVersion, Detail: fmt.Sprintf("peer speaks %d to %d, this node %d to %d",
			h.peer.oldest, h.peer.version, h.ours.oldest, h.ours.version)}
	}
	switch {
	case host.cluster == "":
		return &RefusedError{Reason: RefusedNotJoined}
	case guest.cluster == "" && guest.purpose == purposeCall:
		// A newcomer asks to be taken in; it may send nothing but Join.
	case guest.cluster != host.cluster:
		return &RefusedError{Reason: RefusedCluster, Detail: fmt.Sprintf("%q is not %q", h.peer.cluster, h.ours.cluster)}
	}
	if guest.expect != 0 && guest.expect != host.node {
		return &RefusedError{Reason: RefusedNode, Detail: fmt.Sprintf("%s is here", host.name)}
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

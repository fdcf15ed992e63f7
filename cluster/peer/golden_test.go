package peer

import (
	"encoding/hex"
	"testing"

	"github.com/quorate/quorate/cluster/sim/poll"
)

// Nodes of different versions greet each other: the form changes only behind its known
// fields, or with the protocol version.
func TestHandshake_Golden(t *testing.T) {
	ours := hello{
		version: 0x0102, oldest: 0x0001, purpose: purposeCall, class: Background,
		node: 0x1112131415161718, expect: 0x2122232425262728, cluster: "c1", name: "A", instance: "disk",
	}
	for i := range ours.nonce {
		ours.nonce[i] = byte(0xa0 + i)
	}
	ours.raw = ours.append(nil)
	theirs := hello{version: 1, oldest: 1, node: 2, name: "B"}
	theirs.raw = theirs.append(nil)
	const body = "0102" + "0001" + "01" + "01" + // versions, purpose, class
		"1112131415161718" + "2122232425262728" + "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf" + // node, expected node, nonce
		"02" + "6331" + "01" + "41" + "04" + "6469736b" // cluster, name, instance
	h := handshake{ours: ours, peer: theirs, secret: "secret", dialling: true}
	for what, c := range map[string]struct {
		got  []byte
		want string
	}{
		"hello":            {appendMessage([]byte(magic), tagHello, ours.raw), "d151554f52415445" + "48" + "0030" + body + "37fb2469"},
		"dialler's proof":  {appendMessage(nil, tagProof, h.prove(roleDialler)), "50" + "0020" + "34a5e43e47184b40f8fde98dbc5ca384e9f54ccf72bcc195e6a456f20cb75e38" + "60072221"},
		"acceptor's proof": {appendMessage(nil, tagAccept, h.prove(roleAcceptor)), "41" + "0020" + "e33aa254597cdad80f9e153fc07b66d6dee487b1625e2b56582a1b6323d05549" + "8e53fe89"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", what, got, c.want)
		}
	}
	if protocolVersion != 2 || oldestVersion != 1 {
		t.Errorf("this code speaks versions %d to %d", oldestVersion, protocolVersion)
	}
}

// What a peer reads is known from the first stream to it, and stays known while it is down.
func TestChannel_ReadsStripped_FollowsFromTheHello(t *testing.T) {
	a, b := pair(t, nil)
	poll.Until(t, "streams stand", func() bool { return a.Available(b.id()) && b.Available(a.id()) })
	if !a.ReadsStripped(b.id()) || a.ReadsStripped(a.id()+100) {
		t.Errorf("of the peer: %v, of a stranger: %v", a.ReadsStripped(b.id()), a.ReadsStripped(a.id()+100))
	}
	a.remote(b.id()).version.Store(1)
	if a.ReadsStripped(b.id()) {
		t.Error("a node of version 1 is sent what it does not read")
	}
}

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
		node: 0x1112131415161718, expect: 0x2122232425262728, cluster: "c1", name: "A", instance: "disk", lane: 3,
	}
	for i := range ours.nonce {
		ours.nonce[i] = byte(0xa0 + i)
	}
	ours.raw = ours.append(nil)
	theirs := hello{version: 1, oldest: 1, node: 2, name: "B"}
	theirs.raw = theirs.append(nil)
	const body = "0102" + "0001" + "01" + "01" + // versions, purpose, class
		"1112131415161718" + "2122232425262728" + "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf" + // node, expected node, nonce
		"02" + "6331" + "01" + "41" + "04" + "6469736b" + "03" // cluster, name, instance, lane
	h := handshake{ours: ours, peer: theirs, secret: "secret", dialling: true}
	for what, c := range map[string]struct {
		got  []byte
		want string
	}{
		"hello":            {appendMessage([]byte(magic), tagHello, ours.raw), "d151554f52415445" + "48" + "0031" + body + "b992e566"},
		"dialler's proof":  {appendMessage(nil, tagProof, h.prove(roleDialler)), "50" + "0020" + "0784dd2d938da554967aa8b3a31a5e2940c8744c68441d49df4f16d1c8dfeb35" + "3fc28ede"},
		"acceptor's proof": {appendMessage(nil, tagAccept, h.prove(roleAcceptor)), "41" + "0020" + "5b7a445e4ac9f0d74265d846f6be01507ff975168e01d9272b8fe68f609adf1c" + "89363948"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", what, got, c.want)
		}
	}
	if protocolVersion != 9 || oldestVersion != 1 {
		t.Errorf("this code speaks versions %d to %d", oldestVersion, protocolVersion)
	}
}

// What a peer reads is known from the first stream to it, and stays known while it is down.
func TestChannel_Knows_FollowsFromTheHello(t *testing.T) {
	a, b := pair(t, nil)
	poll.Until(t, "streams stand", func() bool { return a.Available(b.id()) && b.Available(a.id()) })
	if !a.Knows(b.id(), Stripped) || a.Knows(a.id()+100, Stripped) {
		t.Errorf("of the peer: %v, of a stranger: %v", a.Knows(b.id(), Stripped), a.Knows(a.id()+100, Stripped))
	}
	if does, known := a.Speaks(b.id(), Elements); !does || !known {
		t.Errorf("elements: of the peer: %v, known %v", does, known)
	}
	if does, known := a.Speaks(b.id(), Feature(200)); does || !known {
		t.Errorf("a feature of a later version: of the peer: %v, known %v", does, known)
	}
	if does, known := a.Speaks(a.id()+100, Elements); does || known {
		t.Errorf("elements: of a stranger: %v, known %v", does, known)
	}
	if !a.Knows(b.id(), Elements) || a.Knows(a.id()+100, Elements) {
		t.Errorf("elements: of the peer: %v, of a stranger: %v", a.Knows(b.id(), Elements), a.Knows(a.id()+100, Elements))
	}
	if !a.Knows(b.id(), Deltas) || a.Knows(a.id()+100, Deltas) {
		t.Errorf("deltas: by the peer: %v, by a stranger: %v", a.Knows(b.id(), Deltas), a.Knows(a.id()+100, Deltas))
	}
	if !a.Knows(b.id(), Sums) || a.Knows(a.id()+100, Sums) {
		t.Errorf("sums: of the peer: %v, of a stranger: %v", a.Knows(b.id(), Sums), a.Knows(a.id()+100, Sums))
	}
	if !a.Knows(b.id(), Parts) || a.Knows(a.id()+100, Parts) {
		t.Errorf("parts: by the peer: %v, by a stranger: %v", a.Knows(b.id(), Parts), a.Knows(a.id()+100, Parts))
	}
	a.remote(b.id()).version.Store(versionParts - 1)
	if a.Knows(b.id(), Parts) {
		t.Error("a node of an older version is asked for parts")
	}
	a.remote(b.id()).version.Store(versionSums - 1)
	if a.Knows(b.id(), Sums) {
		t.Error("a node of an older version is sent sums")
	}
	a.remote(b.id()).version.Store(versionDeltas - 1)
	if a.Knows(b.id(), Deltas) {
		t.Error("a node of an older version is sent deltas")
	}
	a.remote(b.id()).version.Store(versionElements - 1)
	if a.Knows(b.id(), Elements) {
		t.Error("a node of an older version is sent elements")
	}
	a.remote(b.id()).version.Store(1)
	if a.Knows(b.id(), Stripped) {
		t.Error("a node of version 1 is sent what it does not read")
	}
}

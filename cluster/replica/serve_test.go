package replica

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// TestServe_MalformedFrames_AreRefused sends what no node would, from inside.
func TestServe_MalformedFrames_AreRefused(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B")
	a, b := w.nodes["A"], w.nodes["B"]
	blind := &register.Update{Kind: register.Set, Data: []byte("v")}
	forward := func(count uint32, items []byte) []byte {
		body := binary.BigEndian.AppendUint64(nil, 1<<62)
		body = binary.BigEndian.AppendUint64(body, 1)
		return append(binary.BigEndian.AppendUint32(body, count), items...)
	}
	item := wire.AppendBytes(wire.AppendBytes([]byte{0, 0, 0}, w.key), blind.Append(nil))
	for _, test := range []struct {
		name string
		kind peer.Kind
		body []byte
	}{
		{"nothing", peer.Write, nil},
		{"more items than there are", peer.Write, append(message.AppendCount(nil, 3), make([]byte, 12)...)},
		{"leftovers", peer.Write, append(message.Write{Partition: 0, Key: w.key, Object: strange(1, "v")}.Append(message.AppendCount(nil, 1)), 0)},
		{"no count", peer.Read, []byte{1}},
		{"partition out of range", peer.Read, message.Read{Partition: 16, Key: w.key}.Append(message.AppendCount(nil, 1))},
		{"cut short", peer.Read, message.Read{Key: w.key}.Append(message.AppendCount(nil, 1))[:8]},
		{"huge length", peer.Read, append(message.AppendCount(nil, 1), 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)},
		{"no header", peer.Forward, []byte{1, 2, 3}},
		{"cut", peer.Forward, forward(1, item[:len(item)-1])},
		{"too few", peer.Forward, forward(2, item)},
	} {
		if body, err := a.channel.Call(t.Context(), b.id, peer.Foreground, test.kind, test.body); err == nil {
			t.Errorf("%s: answered with %q", test.name, body)
		}
	}
	body, err := a.channel.Call(t.Context(), b.id, peer.Foreground, peer.Write, message.Write{Partition: 16, Key: w.key, Object: strange(1, "v")}.Append(message.AppendCount(nil, 1)))
	if refused, bad := message.DecodeRefusals(body, 1); err != nil || bad != nil || len(refused) != 1 {
		t.Errorf("write to a partition out of range: %v, %v, %v", refused, bad, err)
	}
	if got := b.stored(w.key); got != "-" {
		t.Errorf("stored %q", got)
	}
}

// With the durability interval a coordinator's write is answered from memory. A delivered
// hint and a read repair are not: the node that sends them may forget them then.
func TestServe_Interval_BackgroundWritesWaitForTheDisk(t *testing.T) {
	w := newWorldOf(t, engine.Interval, usual, long, "A", "B")
	a, b := w.nodes["A"], w.nodes["B"]
	read := message.Read{Partition: a.partition(w.key), Key: w.key}.Append(message.AppendCount(nil, 1))
	lookAtB := func() error {
		_, err := a.channel.Call(t.Context(), b.id, peer.Background, peer.Read, read)
		return err
	}
	poll.Until(w.tb, "the background stream to stand", func() bool { return lookAtB() == nil })
	release := b.hangDisk()
	body := message.Write{Partition: a.partition(w.key), Key: w.key, Object: strange(1, "v")}.Append(message.AppendCount(nil, 1))
	if _, err := a.channel.Call(t.Context(), b.id, peer.Foreground, peer.Write, body); err != nil {
		t.Fatalf("a coordinator's write waits for the disk: %v", err)
	}
	// The copy is in memory already, and equal. It counts only when it is on the disk.
	synced := make(answered, 1)
	a.channel.Send(b.id, peer.Background, peer.Write, body, synced)
	// This one goes the same way, so the write before it has been served.
	if err := lookAtB(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-synced:
		t.Fatalf("answered before it was on the disk: %v", err)
	default:
	}
	release()
	if err := <-synced; err != nil {
		t.Fatal(err)
	}
}

// answered is the completion of a frame whose answer is waited for.
type answered chan error

func (a answered) Complete(_ ring.NodeID, _ []byte, err error) { a <- err }

// TestServed_CountThatLies_CostsNothing: what a frame makes a node remember is
// bounded by what is in it.
func TestServed_CountThatLies_CostsNothing(t *testing.T) {
	const size = 1 << 16
	body := append(message.AppendCount(nil, size), bytes.Repeat([]byte{0xff}, size)...)
	b := new(served)
	func() {
		defer func() { _ = recover() }() // a request made by hand cannot be replied to
		new(Coordinator).addWrite(b, &peer.Request{Class: peer.Background, Kind: peer.Write, Body: body})
	}()
	if n := cap(b.records); n > 16 {
		t.Fatalf("room for %d records", n)
	}
}

package peer

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

func TestPendings_AgainstAModel(t *testing.T) {
	type entry struct {
		id   uint64
		sent int64
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var p pendings
	var model []entry
	var gone []uint64
	pins := make(map[uint64]bool)
	now := int64(0)
	for range 20000 {
		now++
		switch op := rng.IntN(10); {
		case op < 5:
			id := p.add(unawaited{}, Read, now)
			model = append(model, entry{id, now})
			if rng.IntN(8) == 0 {
				p.pin(id)
				pins[id] = true
			}
		case op < 8 && len(model) > 0:
			i := rng.IntN(len(model))
			at := p.find(model[i].id)
			if at == 0 {
				t.Fatalf("request %x is lost", model[i].id)
			}
			if got := p.remove(at); got.sent != model[i].sent {
				t.Fatalf("request %x was sent at %d, want %d", model[i].id, got.sent, model[i].sent)
			}
			gone = append(gone, model[i].id)
			model = append(model[:i], model[i+1:]...)
		case op == 8 && len(gone) > 0:
			if id := gone[rng.IntN(len(gone))]; p.find(id) != 0 {
				t.Fatalf("request %x is found after it was completed", id)
			}
		default:
			before := now - int64(rng.IntN(200))
			want := make(map[int64]bool)
			var kept []entry
			for _, e := range model {
				if e.sent < before && !pins[e.id] {
					want[e.sent] = true
				} else {
					kept = append(kept, e)
				}
			}
			for _, late := range p.expire(before, nil) {
				if !want[late.sent] {
					t.Fatalf("request of %d expired at %d", late.sent, before)
				}
				delete(want, late.sent)
			}
			if len(want) > 0 {
				t.Fatalf("%d requests did not expire", len(want))
			}
			model = kept
		}
		if p.count != len(model) {
			t.Fatalf("%d waiting, want %d", p.count, len(model))
		}
	}
}

func TestPendings_InventedIDs_FindNothing(t *testing.T) {
	var p pendings
	id := p.add(unawaited{}, Read, 1)
	for _, wrong := range []uint64{0, 2, id + 1<<32, 1<<64 - 1, id &^ 0xffffffff} {
		if p.find(wrong) != 0 {
			t.Errorf("id %x finds request %x", wrong, id)
		}
	}
}

// heap is a connection that keeps what is written.
type heap struct {
	script
	bytes.Buffer
}

func (h *heap) Write(b []byte) (int, error) { return h.Buffer.Write(b) }
func (h *heap) Read(b []byte) (int, error)  { return h.Buffer.Read(b) }

func TestOutbox_WritesFramesInOrder_WhateverTheirSize(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var box outbox
	var want bytes.Buffer
	for i, size := range []int{0, 10, inlineBody + 1, 5, 3 * writeSlice, writeSlice - headerSize, 7, inlineBody} {
		body := make([]byte, size)
		for at := range body {
			body[at] = byte(rng.Uint32())
		}
		parts := [][]byte{body[:size/3], nil, body[size/3:]}
		sum, length := bodySum(parts)
		h := header{length: uint32(length), kind: Write, id: uint64(i), sum: sum}
		if referenced := box.add(h, parts); referenced != (size > inlineBody) {
			t.Errorf("a body of %d bytes is referenced: %v", size, referenced)
		}
		want.Write(h.append(nil))
		want.Write(body)
	}
	if box.bytes != want.Len() {
		t.Errorf("outbox counts %d bytes, want %d", box.bytes, want.Len())
	}
	var got heap
	var vector net.Buffers
	var writes counted
	if err := box.writeTo(&got, &vector, &writes); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("what was written is not what was added")
	}
	if least := counted(want.Len() / writeSlice); writes < least || writes > least+1 {
		t.Errorf("%d writes for %d bytes", writes, want.Len())
	}
	box.reset()
	if !box.empty() || box.bytes != 0 || cap(box.buf) > keepOutbox {
		t.Error("reset keeps something")
	}
}

// counted counts writes.
type counted int

func (*counted) begin() error { return nil }
func (c *counted) done()      { *c++ }

func TestHeader_EveryFlippedBit_IsFound(t *testing.T) {
	valid := header{length: 7, kind: Write, flags: flagReply, id: 99, sum: 5}.append(nil)
	if h, err := parseHeader(valid); err != nil || h.id != 99 || h.length != 7 || !h.isReply() || h.isError() {
		t.Fatalf("a valid header reads as %+v, %v", h, err)
	}
	for bit := range headerSize * 8 {
		mangled := bytes.Clone(valid)
		mangled[bit/8] ^= 1 << (bit % 8)
		if _, err := parseHeader(mangled); err == nil {
			t.Errorf("bit %d flipped, and not found", bit)
		}
	}
}

func TestLatencies_Buckets_BoundWhatTheyHold(t *testing.T) {
	last := -1
	for d := time.Duration(1); d < 10*time.Second; d += d/7 + 1 {
		i := latencyBucket(d)
		if i < last {
			t.Fatalf("%v is in bucket %d, below %d", d, i, last)
		}
		last = i
		if i == latencyBuckets-1 {
			break
		}
		if bound := latencyBound(i); d >= bound || i > 0 && d < latencyBound(i-1) {
			t.Fatalf("%v is in bucket %d, from %v to %v", d, i, latencyBound(max(i-1, 0)), bound)
		}
	}
}

func TestPatience_FollowsTheSlowerKind_WithinBounds(t *testing.T) {
	fill := func(l *latencies, d time.Duration) {
		for range 1000 {
			l.record(d)
		}
	}
	var p waitTime
	p.update()
	if p.get() != defaultWait {
		t.Errorf("nothing known: %v", p.get())
	}
	fill(&p.reads, 100*time.Microsecond)
	p.update()
	if p.get() != minWait {
		t.Errorf("quick reads: %v, want %v", p.get(), minWait)
	}
	fill(&p.writes, 30*time.Millisecond)
	p.update()
	if got := p.get(); got < 90*time.Millisecond || got > 200*time.Millisecond {
		t.Errorf("writes of 30 ms: %v", got)
	}
	fill(&p.writes, time.Second)
	p.update()
	if p.get() != maxWait {
		t.Errorf("writes of 1 s: %v, want %v", p.get(), maxWait)
	}
	for range 40 {
		fill(&p.writes, time.Millisecond)
		p.update()
	}
	if p.get() > 2*minWait {
		t.Errorf("quick again for long: %v", p.get())
	}
}

func TestLogThrottle_SameCause_OnceInAWhile(t *testing.T) {
	var n logThrottle
	due := func(who, what string) bool { return n.allow(logLine{who: who, what: what}) }
	if !due("A", "x") || due("A", "x") || !due("A", "y") || !due("B", "x") {
		t.Error("not once for each peer and cause")
	}
	n.forget("A")
	if !due("A", "x") || due("B", "x") {
		t.Error("forgetting one peer concerns it alone")
	}
	for i := range 3 * maxLogLines {
		due(string(binary.BigEndian.AppendUint32(nil, uint32(i))), "x")
	}
	if len(n.mu.last) > maxLogLines {
		t.Errorf("%d logThrottle are kept", len(n.mu.last))
	}
}

// unawaited is the completion of a request whose answer nobody awaits.
type unawaited struct{}

func (unawaited) Complete(causal.NodeID, []byte, error) {}

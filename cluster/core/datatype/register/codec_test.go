package register

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
	"pgregory.net/rapid"
)

func anyBytes(t *rapid.T) []byte {
	if rapid.Bool().Draw(t, "nil") {
		return nil
	}
	return append([]byte{}, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes")...)
}

func anyDot(t *rapid.T) causal.Dot {
	if rapid.Bool().Draw(t, "none") {
		return causal.Dot{}
	}
	return causal.Dot{
		Actor:   causal.Actor{Node: causal.NodeID(rapid.Uint64().Draw(t, "node")), Epoch: causal.Epoch(rapid.Uint64().Draw(t, "epoch"))},
		Counter: causal.Counter(rapid.Uint64Range(1, uint64(causal.MaxCounter)).Draw(t, "counter")),
	}
}

func anyVector(t *rapid.T) causal.Vector {
	var v causal.Vector
	for i := range rapid.IntRange(0, 3).Draw(t, "entries") {
		v = append(v, causal.Entry{Actor: causal.Actor{Node: causal.NodeID(i + 1), Epoch: 5}, Counter: 1 + causal.Counter(i), Time: 9})
	}
	return v
}

func anyUpdate(t *rapid.T) Update {
	u := Update{
		Kind:      Kind(rapid.IntRange(0, int(kinds)-1).Draw(t, "kind")),
		Condition: Condition(rapid.IntRange(0, int(conditions)-1).Draw(t, "condition")),
		KeepTTL:   rapid.Bool().Draw(t, "keep"), WantOld: rapid.Bool().Draw(t, "old"),
		Data: anyBytes(t), Float: rapid.String().Draw(t, "float"),
		Amount: rapid.Int64().Draw(t, "amount"), Expiry: rapid.Int64().Draw(t, "expiry"), Limit: rapid.Int64().Draw(t, "limit"),
	}
	if u.HasContext = rapid.Bool().Draw(t, "context"); u.HasContext {
		u.Context = causal.ContextOf(anyVector(t), anyDot(t))
	}
	return u
}

func anyResult(t *rapid.T) Result {
	r := Result{
		Applied: rapid.Bool().Draw(t, "applied"), Existed: rapid.Bool().Draw(t, "existed"),
		Failure: Failure(rapid.IntRange(0, int(failures)-1).Draw(t, "failure")),
		Old:     anyBytes(t), Data: anyBytes(t), Number: rapid.Int64().Draw(t, "number"), Dot: anyDot(t),
	}
	if rapid.Bool().Draw(t, "context") {
		r.Context = causal.ContextOf(anyVector(t), r.Dot)
	}
	return r
}

func TestUpdate_Codec_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := anyUpdate(t)
		b := u.Append([]byte("x"))[1:]
		got, err := Decode(b)
		if err != nil || !reflect.DeepEqual(got, u) {
			t.Fatalf("%v:\n%+v, want\n%+v", err, got, u)
		}
		for i := range b {
			if _, err := Decode(b[:i]); !errors.Is(err, wire.ErrCorrupt) {
				t.Fatalf("cut at %d: %v", i, err)
			}
		}
		if _, err := Decode(append(bytes.Clone(b), 0)); !errors.Is(err, wire.ErrCorrupt) {
			t.Fatalf("a byte more: %v", err)
		}
	})
}

func TestResult_Codec_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyResult(t)
		b := r.Append([]byte("x"))[1:]
		got, err := DecodeResult(b)
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("%v:\n%+v, want\n%+v", err, got, r)
		}
		for i := range b {
			if _, err := DecodeResult(b[:i]); !errors.Is(err, wire.ErrCorrupt) {
				t.Fatalf("cut at %d: %v", i, err)
			}
		}
		if _, err := DecodeResult(append(bytes.Clone(b), 0)); !errors.Is(err, wire.ErrCorrupt) {
			t.Fatalf("a byte more: %v", err)
		}
	})
}

func TestCodec_ImpossibleInput_IsRefused(t *testing.T) {
	for _, b := range [][]byte{
		{byte(kinds), 0, 0}, {0, byte(conditions), 0}, {0xff, 0xff, 0xff},
		{0, 0, flagData, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		{0, 0, flagData, 5, 'x'},
		{0, 0, flagContext, 0xff, 0xff, 0xff, 0x01},
		{0, 0, flagAmount, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	} {
		if u, err := Decode(b); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%x: %+v, %v", b, u, err)
		}
	}
	for _, b := range [][]byte{
		{byte(failures), 0}, {0, 0x80}, {0, flagOld, 9}, {0, flagClock, 9},
		{0, flagDot, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		if r, err := DecodeResult(b); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%x: %+v, %v", b, r, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add((&Update{Kind: Set, Data: []byte("value"), Expiry: 5, HasContext: true}).Append(nil))
	f.Add((&Update{Kind: IncrementFloat, Float: "0.1"}).Append(nil))
	f.Add((&Update{Kind: SetRange, Amount: 1 << 40, Limit: 10, Data: []byte("x")}).Append(nil))
	f.Add((&Update{Kind: BitField, Limit: 10, Data: bitmap.AppendFields(nil, []bitmap.Field{{Action: bitmap.Add, Bits: 5, Offset: 3, Number: 1}})}).Append(nil))
	f.Add((&Update{Kind: AddHyperLogLog, Data: []byte{0, 1, 2}}).Append(nil))
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := Decode(b)
		if err != nil {
			if !errors.Is(err, wire.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		again, err := Decode(u.Append(nil))
		if err != nil || !reflect.DeepEqual(again, u) {
			t.Fatalf("%v: %+v, was %+v", err, again, u)
		}
		u.Limit = min(u.Limit, 1<<20) // whatever it says, it can be applied
		if u.Kind != SetRange && u.Kind != BitField || u.Limit > 0 {
			u.Apply(&object.Value{Data: []byte("17")}, 5)
		}
	})
}

func FuzzDecodeResult(f *testing.F) {
	f.Add((&Result{Applied: true, Old: []byte("old"), Number: -5}).Append(nil))
	f.Add((&Result{Dot: causal.Dot{Counter: 5}, Context: causal.Context{Vector: causal.Vector{{Counter: 5}}}}).Append(nil))
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeResult(b)
		if err != nil {
			if !errors.Is(err, wire.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		again, err := DecodeResult(r.Append(nil))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%v: %+v, was %+v", err, again, r)
		}
	})
}

func BenchmarkUpdate_Append(b *testing.B) {
	b.ReportAllocs()
	u := Update{Kind: Set, Data: make([]byte, 64), Expiry: now}
	var buffer []byte
	for b.Loop() {
		buffer = u.Append(buffer[:0])
	}
}

func BenchmarkUpdate_Decode(b *testing.B) {
	b.ReportAllocs()
	u := Update{Kind: Set, Data: make([]byte, 64), Expiry: now}
	encoded := u.Append(nil)
	for b.Loop() {
		if _, err := Decode(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

// Nodes of different builds exchange these bytes: they never change.
func TestCodec_Bytes_AreThoseOfBefore(t *testing.T) {
	dot := causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 2}, Counter: 300}
	u := Update{
		Kind: Set, KeepTTL: true, HasContext: true, Context: causal.Context{Vector: causal.Vector{{Actor: dot.Actor, Counter: 5, Time: 3}}},
		Data: []byte("ab"), Float: "1", Amount: -1, Expiry: 300, Limit: 1,
	}
	r := Result{Applied: true, Old: []byte("o"), Data: []byte{}, Number: -2, Dot: dot, Context: causal.Context{Vector: causal.Vector{}}}
	for _, c := range []struct {
		name      string
		got, want []byte
	}{
		{"update", u.Append(nil), []byte("\x00\x00\xfd" +
			"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03\x05" +
			"\x00" +
			"\x02ab\x011\x01\xd8\x04\x02")},
		{"result", r.Append(nil), []byte("\x00\x7d\x01o\x00\x03" +
			"\xac\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02" + "\x00")},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, want %x", c.name, c.got, c.want)
		}
	}
}

// An older node writes the client's last event by itself, where the vector does not
// cover it.
func TestCodec_OlderNodesContext_HasTheLastEvent(t *testing.T) {
	seen, own := causal.Vector{{Actor: causal.Actor{Node: 1, Epoch: 2}, Counter: 2, Time: 3}}, causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 2}, Counter: 5}
	want := causal.ContextOf(seen, own)
	u, err := Decode(own.Append(seen.Append([]byte{byte(Set), 0, flagContext})))
	if err != nil || !reflect.DeepEqual(u.Context, want) || want.Gaps == nil {
		t.Errorf("update: %+v, %v, want %+v", u.Context, err, want)
	}
	r, err := DecodeResult(seen.Append(own.Append([]byte{0, flagDot | flagClock})))
	if err != nil || !reflect.DeepEqual(r.Context, want) {
		t.Errorf("result: %+v, %v, want %+v", r.Context, err, want)
	}
}

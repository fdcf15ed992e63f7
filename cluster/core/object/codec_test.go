package object

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

func samples() map[string]Object {
	a, b := causal.Actor{Node: 1, Epoch: 1_763_000_000_000 << 20}, causal.Actor{Node: 0xfedcba9876543210, Epoch: 2}
	one := Put(Object{}, causal.Context{}, causal.Dot{Actor: a, Counter: 1}, causal.TimestampOf(1_763_000_000_000), Value{Data: []byte("value")})
	two := Put(one, causal.Context{}, causal.Dot{Actor: a, Counter: 2}, causal.TimestampOf(1_763_000_000_001), Value{Data: []byte{}, Expiry: 1_763_000_100_000})
	three := Put(two, causal.Context{Vector: causal.Vector{{Actor: a, Counter: 1, Time: 1}}}, causal.Dot{Actor: b, Counter: causal.MaxCounter}, 1<<63, Value{Tombstone: true})
	issued := putIssued(one, nil, causal.Dot{Actor: b, Counter: 1}, causal.Origin{Life: 3, Stamp: causal.TimestampOf(1_763_000_000_002)}, "issued")
	replaced := Put(issued, issued.Context(), causal.Dot{Actor: b, Counter: 2}, causal.TimestampOf(1_763_000_000_003), Value{Data: []byte("after")})
	expiring := Put(issued, issued.Context(), causal.Dot{Actor: b, Counter: 2}, causal.TimestampOf(1_763_000_000_003), Value{Data: []byte("gone"), Expiry: 1_763_000_100_000})
	stripped, _ := expiring.Strip(1_763_000_100_000)
	return map[string]Object{
		"stripped": stripped,
		"issued":   issued, "replaced": replaced,
		"empty": {}, "one": one, "two": two, "three": three,
		"no siblings": {Clock: three.Clock},
		"big":         Put(one, one.Context(), causal.Dot{Actor: b, Counter: 300}, 9, Value{Data: make([]byte, 70_000)}),
	}
}

func TestObject_Codec_RoundTrip(t *testing.T) {
	for name, o := range samples() {
		prefix := []byte("prefix")
		b := o.Append(prefix)
		if !bytes.HasPrefix(b, prefix) || len(b)-len(prefix) != o.EncodedLen() {
			t.Errorf("%s: %d bytes, want %d", name, len(b)-len(prefix), o.EncodedLen())
		}
		got, err := Decode(b[len(prefix):])
		if err != nil || !got.Equal(&o) {
			t.Errorf("%s: %v: %+v, want %+v", name, err, got, o)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(t)
		b := o.Append(nil)
		var reused Object
		for range 2 {
			if err := reused.DecodeFrom(b); err != nil || !reused.Equal(&o) {
				t.Fatalf("%v: %+v, want %+v", err, reused, o)
			}
		}
		if again := reused.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("encoded again: %x, was %x", again, b)
		}
		if c := reused.Clone(); !c.Equal(&o) {
			t.Fatal("the clone differs")
		}
	})
}

// The format is on disks: it changes only with its version.
func TestObject_Codec_Golden(t *testing.T) {
	a := causal.Actor{Node: 0x0102030405060708, Epoch: 0x1112131415161718}
	o := Put(Object{}, causal.Context{}, causal.Dot{Actor: a, Counter: 1}, 0x2122232425262728, Value{Data: []byte("hello")})
	o = Put(o, causal.Context{}, causal.Dot{Actor: a, Counter: 300}, 0x3132333435363738, Value{Expiry: 5, Data: []byte("!")})
	const want = "0173" + // version, type
		"01" + "0102030405060708" + "1112131415161718" + "3132333435363738" + "ac02" + // clock
		"02" + // siblings
		"00" + "00" + "01" + "2122232425262728" + "05" + "68656c6c6f" +
		"06" + "00" + "05" + "01" + "21"
	got := o.Append(nil)
	if s := hex.EncodeToString(got[:len(got)-wire.ChecksumLen]); s != want {
		t.Errorf("\n%s, want\n%s", s, want)
	}
}

// What forwarded updates made has a format of its own.
func TestObject_Codec_Golden_OfForwardedUpdates(t *testing.T) {
	a := causal.Actor{Node: 0x0102030405060708, Epoch: 0x1112131415161718}
	o := Put(Object{}, causal.Context{}, causal.Dot{Actor: a, Counter: 1}, 0x2122232425262728, Value{Data: []byte("a")})
	o = Put(o, causal.Context{}, causal.Dot{Actor: a, Counter: 2}, 0x2122232425262738, Value{Data: []byte("b")})
	o.Attribute(causal.Dot{Actor: a, Counter: 1}, causal.Origin{Life: 7, Stamp: 0x2122232425262728})
	o.Attribute(causal.Dot{Actor: a, Counter: 2}, causal.Origin{Life: 7, Stamp: 0x2122232425262737})
	o.ReplaceBefore(7, 0x2122232425262728)
	o.Replaced = o.Replaced.add(Replacement{Origin: causal.Origin{Life: 7, Stamp: 0x2122232425262736}})
	const want = "0273" + // format, type
		"01" + "0102030405060708" + "1112131415161718" + "2122232425262738" + "02" + // clock
		"02" + // siblings
		"18" + "00" + "01" + "2122232425262728" + "0000000000000007" + "01" + "61" +
		"0c" + "00" + "0000000000000007" + "2122232425262737" + "01" + "62" +
		"02" + // replaced
		"01" + "0000000000000007" + "2122232425262728" +
		"00" + "0000000000000007" + "2122232425262736"
	got := o.Append(nil)
	if s := hex.EncodeToString(got[:len(got)-wire.ChecksumLen]); s != want {
		t.Errorf("\n%s, want\n%s", s, want)
	}
	if back, err := Decode(got); err != nil || !back.Equal(&o) {
		t.Errorf("came back as %+v, %v", back, err)
	}
}

// An object that knows of an event and not of those before it has a format of its own.
func TestObject_Codec_Golden_OfGaps(t *testing.T) {
	a, b := causal.Actor{Node: 0x0102030405060708, Epoch: 0x1112131415161718}, causal.Actor{Node: 2, Epoch: 1}
	seen := causal.ContextOf(causal.Vector{{Actor: a, Counter: 1, Time: 0x2122232425262728}}, causal.Dot{Actor: a, Counter: 300})
	o := Put(Object{}, seen, causal.Dot{Actor: b, Counter: 1}, 0x3132333435363738, Value{Data: []byte("a")})
	const want = "0373" + // format, type
		"02" + "0000000000000002" + "0000000000000001" + "3132333435363738" + "01" + // clock
		"0102030405060708" + "1112131415161718" + "2122232425262728" + "ac02" +
		"01" + "04" + "00" + "01" + "61" + // siblings
		"00" + // replaced
		"01" + "01" + "02" + "a902" // gaps
	got := o.Append(nil)
	if s := hex.EncodeToString(got[:len(got)-wire.ChecksumLen]); s != want || len(got) != o.EncodedLen() {
		t.Errorf("\n%s, want\n%s", s, want)
	}
	if back, err := Decode(got); err != nil || !back.Equal(&o) {
		t.Errorf("came back as %+v, %v", back, err)
	}
}

// An object whose values have expired and gave their data back has a format of its own.
func TestObject_Codec_Golden_OfStrippedValues(t *testing.T) {
	a, b := causal.Actor{Node: 0x0102030405060708, Epoch: 0x1112131415161718}, causal.Actor{Node: 2, Epoch: 1}
	for name, c := range map[string]struct {
		context causal.Context
		want    string
	}{
		"without gaps": {
			want: "0473" + // format, type
				"01" + "0000000000000002" + "0000000000000001" + "3132333435363738" + "01" + // clock
				"01" + "26" + "00" + "05" + // siblings
				"00" + // replaced
				"00", // gaps
		},
		"with gaps": {
			context: causal.ContextOf(causal.Vector{{Actor: a, Counter: 1, Time: 0x2122232425262728}}, causal.Dot{Actor: a, Counter: 300}),
			want: "0473" + // format, type
				"02" + "0000000000000002" + "0000000000000001" + "3132333435363738" + "01" + // clock
				"0102030405060708" + "1112131415161718" + "2122232425262728" + "ac02" +
				"01" + "26" + "00" + "05" + // siblings
				"00" + // replaced
				"01" + "01" + "02" + "a902", // gaps
		},
	} {
		o := Put(Object{}, c.context, causal.Dot{Actor: b, Counter: 1}, 0x3132333435363738, Value{Data: []byte("a"), Expiry: 5})
		o, stripped := o.Strip(5)
		if !stripped {
			t.Fatalf("%s: nothing was stripped", name)
		}
		got := o.Append(nil)
		if s := hex.EncodeToString(got[:len(got)-wire.ChecksumLen]); s != c.want || len(got) != o.EncodedLen() {
			t.Errorf("%s:\n%s, want\n%s", name, s, c.want)
		}
		if back, err := Decode(got); err != nil || !back.Equal(&o) {
			t.Errorf("%s: came back as %+v, %v", name, back, err)
		}
	}
}

func TestObject_Codec_MangledInput_IsRefused(t *testing.T) {
	for name, o := range samples() {
		b := o.Append(nil)
		if len(b) > 1000 {
			continue
		}
		refused := func(what string, b []byte) {
			t.Helper()
			got := o.Clone()
			err := got.DecodeFrom(b)
			if !errors.Is(err, wire.ErrCorrupt) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
			if len(got.Clock)+len(got.Siblings)+len(got.Replaced) > 0 {
				t.Errorf("%s, %s: something was read", name, what)
			}
		}
		for i := range b {
			refused("cut short", b[:i])
			refused("first bytes gone", b[i+1:])
			m := bytes.Clone(b)
			for x := 1; x < 256; x++ {
				m[i] = b[i] ^ byte(x)
				refused("a byte changed", m)
			}
			refused("a byte more", slices.Insert(bytes.Clone(b), i, 0))
			refused("a byte less", slices.Delete(bytes.Clone(b), i, i+1))
		}
		refused("a byte behind", append(bytes.Clone(b), 0))
		refused("twice", append(bytes.Clone(b), b...))
	}
}

// Sound checksums, impossible contents: another build's bug, or malice.
func TestObject_Codec_NotCanonical_IsRefused(t *testing.T) {
	entry := func(node byte, counter ...byte) []byte {
		return slices.Concat(make([]byte, 7), []byte{node}, make([]byte, 8), make([]byte, 7), []byte{9}, counter)
	}
	time9 := []byte{0, 0, 0, 0, 0, 0, 0, 9}
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}
	header := []byte{formatPlain, byte(Register)}
	clock := slices.Concat(header, []byte{1}, entry(1, 5))
	for name, body := range map[string][]byte{
		"unknown version":           slices.Concat([]byte{3, byte(Register), 0, 0}),
		"unknown type":              slices.Concat([]byte{formatPlain, 'c', 0, 0}),
		"more entries than bytes":   slices.Concat(header, huge, entry(1, 5), []byte{0}),
		"long number of entries":    slices.Concat(header, []byte{0x81, 0}, entry(1, 5), []byte{0}),
		"counter 0":                 slices.Concat(header, []byte{1}, entry(1, 0), []byte{0}),
		"counter too large":         slices.Concat(header, []byte{1}, entry(1, huge...), []byte{0}),
		"number that overflows":     slices.Concat(header, []byte{1}, entry(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), []byte{0}),
		"entries out of order":      slices.Concat(header, []byte{2}, entry(2, 5), entry(1, 5), []byte{0}),
		"an actor twice":            slices.Concat(header, []byte{2}, entry(1, 5), entry(1, 6), []byte{0}),
		"more siblings than bytes":  slices.Concat(clock, huge),
		"a sibling of no actor":     slices.Concat(clock, []byte{1, sameEvent, 1, 0}),
		"unknown flag":              slices.Concat(clock, []byte{1, sameEvent | 8, 0, 0}),
		"a deletion that expires":   slices.Concat(clock, []byte{1, sameEvent | tombstone | hasExpiry, 0, 5}),
		"not covered":               slices.Concat(clock, []byte{1, 0, 0, 6}, time9, []byte{0}),
		"sibling's counter 0":       slices.Concat(clock, []byte{1, 0, 0, 0}, time9, []byte{0}),
		"same event, written out":   slices.Concat(clock, []byte{1, 0, 0, 5}, time9, []byte{0}),
		"the same sibling twice":    slices.Concat(clock, []byte{2, sameEvent, 0, 0, sameEvent, 0, 0}),
		"siblings out of order":     slices.Concat(clock, []byte{2, sameEvent, 0, 0, 0, 0, 4}, time9, []byte{0}),
		"expiry 0":                  slices.Concat(clock, []byte{1, sameEvent | hasExpiry, 0, 0, 0}),
		"expiry beyond int64":       slices.Concat(clock, []byte{1, sameEvent | hasExpiry, 0}, huge, []byte{0}),
		"data beyond the end":       slices.Concat(clock, []byte{1, sameEvent, 0, 2, 'x'}),
		"data far beyond the end":   slices.Concat(clock, []byte{1, sameEvent, 0}, huge),
		"stripped without expiry":   slices.Concat([]byte{formatStripped, byte(Register), 1}, entry(1, 5), []byte{1, sameEvent | stripped, 0, 0, 0}),
		"stripped, in format 1":     slices.Concat(clock, []byte{1, sameEvent | hasExpiry | stripped, 0, 5}),
		"a stripped deletion":       slices.Concat([]byte{formatStripped, byte(Register), 1}, entry(1, 5), []byte{1, sameEvent | tombstone | stripped, 0, 0, 0}),
		"format 4, not stripped":    slices.Concat([]byte{formatStripped, byte(Register), 1}, entry(1, 5), []byte{1, sameEvent | hasExpiry, 0, 5, 0, 0, 0}),
		"stripped, no list of gaps": slices.Concat([]byte{formatStripped, byte(Register), 1}, entry(1, 5), []byte{1, sameEvent | hasExpiry | stripped, 0, 5, 0}),
		"something behind siblings": slices.Concat(clock, []byte{0, 0}),
	} {
		b := binary.BigEndian.AppendUint32(body, wire.Checksum(body))
		if o, err := Decode(b); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%s: %v %+v", name, err, o)
		}
	}
	sound := slices.Concat(clock, []byte{2, 0, 0, 4}, time9, []byte{0, sameEvent, 0, 1, 'x'})
	if _, err := Decode(binary.BigEndian.AppendUint32(sound, wire.Checksum(sound))); err != nil {
		t.Errorf("the sound one among these: %v", err)
	}
}

func TestObject_Codec_UncoveredSibling_Panics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	o := Object{Siblings: []Sibling{{Dot: causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}}}}
	o.Append(nil)
}

func TestCodec_Allocations(t *testing.T) {
	o := samples()["three"]
	encoded := o.Append(nil)
	buffer := make([]byte, 0, len(encoded))
	into := o.Clone()
	key := []byte("key")
	for name, f := range map[string]func(){
		"Append": func() { o.Append(buffer) },
		"DecodeFrom": func() {
			if err := into.DecodeFrom(encoded); err != nil {
				t.Fatal(err)
			}
		},
		"Digest": func() { SeedOf(key).Digest(encoded) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestDigest_TellsKeysAndObjectsApart(t *testing.T) {
	seen := map[Digest]string{}
	for _, key := range []string{"", "a", "b", "ab"} {
		for _, object := range []string{"", "b", "x", "ba"} {
			d := SeedOf([]byte(key)).Digest([]byte(object))
			if other, twice := seen[d]; twice {
				t.Errorf("%s and %s/%s have one digest", other, key, object)
			}
			seen[d] = key + "/" + object
		}
	}
	// It is compared between nodes: it must not change.
	if d := SeedOf([]byte("key")).Digest([]byte("object")); d != 0x416e369b227c091f {
		t.Errorf("digest %#x", uint64(d))
	}
}

func FuzzDecode(f *testing.F) {
	for _, o := range samples() {
		f.Add(o.Append(nil))
	}
	aged := samples()["replaced"] // no merge leaves a replacement as old as this
	aged.Replaced = Replaced{{Origin: causal.Origin{Life: 3, Stamp: 1}}}
	f.Add(aged.Append(nil))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, sealed := range [][]byte{b, binary.BigEndian.AppendUint32(bytes.Clone(b), wire.Checksum(b))} {
			o, err := Decode(sealed)
			if err != nil {
				if !errors.Is(err, wire.ErrCorrupt) {
					t.Fatal(err)
				}
				continue
			}
			if again := o.Append(nil); !bytes.Equal(again, sealed) {
				t.Fatalf("decoded %x, encoded %x", sealed, again)
			}
			m, r := Merge(o, o)
			settled := o.Clone()
			if settled.settle(); !o.trimmable() && settled.Equal(&o) && (r != SameAsBoth || !m.Equal(&o)) {
				t.Fatal("not idempotent")
			}
			if again, r := Merge(m, m); r != SameAsBoth || !again.Equal(&m) {
				t.Fatal("what was merged is not settled")
			}
		}
	})
}

func TestHasElements_TellsByTheFormat(t *testing.T) {
	dot := causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}
	text := Put(Object{}, causal.Context{}, dot, 1, Value{Data: []byte("text")})
	made := func(kind Kind, name string) (o Object) {
		o.BecomeEdited(Object{}, &Edit{Changes: []Change{{Kind: kind, Name: []byte(name)}}, Dot: dot, Time: 1})
		return o
	}
	set, stream := made(Member, "member"), made(Entry, "0123456789abcdef")
	for _, c := range []struct {
		name    string
		encoded []byte
		want    bool
	}{
		{"nothing", nil, false}, {"a string", text.Append(nil), false}, {"a set", set.Append(nil), true}, {"a stream", stream.Append(nil), false},
	} {
		if got := HasElements(c.encoded); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

package object

import (
	"errors"
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// encodeElements returns an object of format 5 whose encoded elements are given. Its clock has
// one actor, with the events 1 to 9, the newest at the time 7; event 4 is unknown.
func encodeElements(elements ...[]byte) []byte {
	a := causal.Actor{Node: 1, Epoch: 1}
	clock := causal.Vector{{Actor: a, Counter: 9, Time: 7}}
	b := clock.Append([]byte{formatElements, byte(Register)})
	b = wire.AppendUvarint(b, 0) // siblings
	b = wire.AppendUvarint(b, 0) // replaced
	b = causal.Gaps{{Actor: a, From: 4, To: 4}}.Append(b, clock)
	b = wire.AppendUvarint(b, uint64(len(elements)))
	b = append(b, slices.Concat(elements...)...)
	return wire.AppendUint32(b, wire.Checksum(b))
}

// encodeElement returns the encoding of one element: of the event with a counter, of the time
// 7, or, with elementSameEvent, of the newest event. rest is what follows the event.
func encodeElement(kind Kind, flags byte, name string, counter uint64, rest ...byte) []byte {
	b := []byte{byte(kind), flags}
	if kind != KeyExpiry {
		b = wire.AppendBytes(b, []byte(name))
	}
	b = wire.AppendUvarint(b, 0) // the actor
	if flags&elementSameEvent == 0 {
		b = wire.AppendUint64(wire.AppendUvarint(b, counter), 7)
	}
	return append(b, rest...)
}

func TestDecode_Elements_HaveOneEncodingEach(t *testing.T) {
	const same, expires, data, stripped = elementSameEvent, elementExpires, elementHasData, elementStripped
	score := wire.AppendBytes(nil, AppendScore(nil, 1))
	minusZero := wire.AppendBytes(nil, []byte{0x80, 0, 0, 0, 0, 0, 0, 0})
	for _, c := range []struct {
		name     string
		elements [][]byte
		good     bool
	}{
		{"one of each kind", [][]byte{
			encodeElement(KeyExpiry, same|expires, "", 0, 5), encodeElement(Field, data, "f", 3, 1, 'v'), encodeElement(Member, 0, "m", 5),
			encodeElement(Scored, data, "m", 5, score...), encodeElement(Item, same|data, "i", 0, 1, 'v'),
		}, true},
		{"of one name, by dots", [][]byte{encodeElement(Member, 0, "m", 3), encodeElement(Member, 0, "m", 5)}, true},
		{"stripped", [][]byte{encodeElement(Field, stripped|expires, "f", 3, 5), encodeElement(Scored, stripped, "m", 3)}, true},
		{"none", nil, false},
		{"twice", [][]byte{encodeElement(Member, 0, "m", 3), encodeElement(Member, 0, "m", 3)}, false},
		{"in another order of names", [][]byte{encodeElement(Member, 0, "n", 3), encodeElement(Member, 0, "m", 3)}, false},
		{"in another order of kinds", [][]byte{encodeElement(Member, 0, "m", 3), encodeElement(Field, 0, "m", 3)}, false},
		{"the newest event written out", [][]byte{encodeElement(Member, 0, "m", 9)}, false},
		{"an event above the clock", [][]byte{encodeElement(Member, 0, "m", 10)}, false},
		{"event 0", [][]byte{encodeElement(Member, 0, "m", 0)}, false},
		{"an event in a gap", [][]byte{encodeElement(Member, 0, "m", 4)}, false},
		{"empty data written out", [][]byte{encodeElement(Field, data, "f", 3, 0)}, false},
		{"expiry 0 written out", [][]byte{encodeElement(Field, expires, "f", 3, 0)}, false},
		{"an expiry below 0", [][]byte{encodeElement(Field, expires, "f", 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)}, false},
		{"stripped, with data", [][]byte{encodeElement(Field, stripped|data, "f", 3, 1, 'v')}, false},
		{"the key's expiry, with data", [][]byte{encodeElement(KeyExpiry, data, "", 3, 1, 'v')}, false},
		{"a member without a score", [][]byte{encodeElement(Scored, 0, "m", 3)}, false},
		{"a score in another form", [][]byte{encodeElement(Scored, data, "m", 3, minusZero...)}, false},
		{"an unknown flag", [][]byte{encodeElement(Member, 1<<4, "m", 3)}, false},
		{"kind 0", [][]byte{encodeElement(0, 0, "m", 3)}, false},
		{"an unknown kind", [][]byte{encodeElement(Entry+1, 0, "m", 3)}, false},
	} {
		encoded := encodeElements(c.elements...)
		o, err := Decode(encoded)
		switch {
		case !c.good && !errors.Is(err, wire.ErrCorrupt):
			t.Errorf("%s: read as %+v, %v; want %v", c.name, o.Elements, err, wire.ErrCorrupt)
		case c.good && (err != nil || !slices.Equal(o.Append(nil), encoded)):
			t.Errorf("%s: read as %+v, %v, and written as %x; want %x", c.name, o.Elements, err, o.Append(nil), encoded)
		}
	}
}

// A member that reads no entries reads no format 6. So an object with entries is of that format
// and of no other one, and an object of that format has entries or sums.
func TestDecode_Entries_AreOfFormat6(t *testing.T) {
	inFormat := func(format byte, elements ...[]byte) []byte {
		b := encodeElements(elements...)
		b = b[:len(b)-wire.ChecksumLen]
		if b[0] = format; format == formatSums {
			b = wire.AppendUvarint(b, 0) // sums
		}
		return wire.AppendUint32(b, wire.Checksum(b))
	}
	entry, field := encodeElement(Entry, elementHasData, "id", 3, 1, 'v'), encodeElement(Field, elementHasData, "f", 3, 1, 'v')
	for _, c := range []struct {
		name    string
		encoded []byte
		good    bool
	}{
		{"an entry", inFormat(formatSums, entry), true},
		{"an entry behind a field", inFormat(formatSums, field, entry), true},
		{"an entry that has expired", inFormat(formatSums, encodeElement(Entry, elementStripped, "id", 3)), true},
		{"an entry in format 5", inFormat(formatElements, entry), false},
		{"a field in format 6", inFormat(formatSums, field), false},
	} {
		o, err := Decode(c.encoded)
		switch {
		case !c.good && !errors.Is(err, wire.ErrCorrupt):
			t.Errorf("%s: read as %+v, %v; want %v", c.name, o.Elements, err, wire.ErrCorrupt)
		case c.good && (err != nil || !slices.Equal(o.Append(nil), c.encoded)):
			t.Errorf("%s: read as %+v, %v, and written as %x; want %x", c.name, o.Elements, err, o.Append(nil), c.encoded)
		}
	}
}

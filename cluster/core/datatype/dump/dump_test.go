package dump

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

const limit = 1 << 20

func value(data string) register.Copy { return register.Copy{Value: object.Value{Data: []byte(data)}} }

// seal gives a payload its version and checksum.
func seal(body string, version uint16) []byte {
	b := binary.LittleEndian.AppendUint16([]byte(body), version)
	return binary.LittleEndian.AppendUint64(b, checksum(b))
}

func TestChecksum_IsRedis(t *testing.T) {
	if got := checksum([]byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("%x", got)
	}
}

// The payloads are those that Redis 7.0 answered to DUMP.
func TestPayload_OfRedis(t *testing.T) {
	for _, c := range []struct {
		name, payload, value string
		compressed           bool
	}{
		{"bytes", "000568656c6c6f0a006372df766534200a", "hello", false},
		{"empty", "00000a005d9b5c400f7fa2da", "", false},
		{"8 bits", "00c0f90a005e26d130d7a242ab", "-7", false},
		{"16 bits", "00c1e8030a0089d1478ebac4b764", "1000", false},
		{"32 bits", "00c26079feff0a00a1ca8470cc216d9d", "-100000", false},
		{"64 bits", "000b31323334353637383930310a00304e52d727176510", "12345678901", false},
		{"compressed", "00c31641a70361626361e06b020378797a71e0ff00e018000171710a006be6393b60ddffe9", strings.Repeat("abc", 40) + "xyz" + strings.Repeat("q", 300), true},
	} {
		payload, err := hex.DecodeString(c.payload)
		if err != nil {
			t.Fatal(err)
		}
		copies, err := Parse(payload, limit)
		if err != nil || len(copies) != 1 || string(copies[0].Value.Data) != c.value || copies[0].Elements != nil {
			t.Errorf("%s: %v, %v", c.name, copies, err)
		}
		if got := Append(nil, []register.Copy{value(c.value)}); !c.compressed && !bytes.Equal(got, payload) {
			t.Errorf("%s: wrote %x", c.name, got)
		}
	}
}

func TestParse_WhatCannotBeRead_IsRefused(t *testing.T) {
	good := Append(nil, []register.Copy{value("hello")})
	flipped := bytes.Clone(good)
	flipped[2] ^= 1
	for _, c := range []struct {
		name    string
		payload []byte
		want    error
	}{
		{"empty", nil, ErrChecksum},
		{"too short", good[:footerLen], ErrChecksum},
		{"cut", good[:len(good)-1], ErrChecksum},
		{"a bit", flipped, ErrChecksum},
		{"later version", seal("\x00\x01x", greatestVersion+1), ErrChecksum},
		{"a list of Redis", seal("\x12\x01x", 10), ErrFormat},
		{"too few bytes", seal("\x00\x02x", 10), ErrFormat},
		{"too many bytes", seal("\x00\x01xy", 10), ErrFormat},
		{"half an integer", seal("\x00\xc2\x01\x02", 10), ErrFormat},
		{"unknown encoding", seal("\x00\xc4\x01", 10), ErrFormat},
		{"unknown length", seal("\x00\x82\x01", 10), ErrFormat},
		{"huge length", seal("\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff", 10), ErrFormat},
		{"compressed beyond what its bytes can hold", seal("\x00\xc3\x02\x80\x00\x10\x00\x00\x00x", 10), ErrFormat},
		{"compressed beyond the limit", seal("\x00\xc3\x80\x00\x00\x80\x00\x80\x00\x10\x00\x01"+strings.Repeat("\x00a", 1<<14), 10), ErrFormat},
		{"match before the beginning", seal("\x00\xc3\x04\x04\x00a\x20\x05", 10), ErrFormat},
		{"match beyond the end", seal("\x00\xc3\x04\x02\x00a\x20\x00", 10), ErrFormat},
		{"literal beyond the bytes", seal("\x00\xc3\x02\x02\x01a", 10), ErrFormat},
		{"half a match", seal("\x00\xc3\x03\x04\x00a\xe0", 10), ErrFormat},
		{"less than said", seal("\x00\xc3\x02\x02\x00a", 10), ErrFormat},
		{"own, another format", seal("Q\x02\x01\x00\x01x", 10), ErrFormat},
		{"own, no copies", seal("Q\x01\x00", 10), ErrFormat},
		{"own, many copies in few bytes", seal("Q\x01\xff\xff\xff\xff\x0f\x00", 10), ErrFormat},
		{"own, no elements", seal("Q\x01\x01\x03\x00", 10), ErrFormat},
		{"own, many elements in few bytes", seal("Q\x01\x01\x05\xff\xff\xff\xff\x0f\x00", 10), ErrFormat},
		{"own, unknown kind", seal("Q\x01\x01\x63\x01\x01a", 10), ErrFormat},
		{"own, the expiry of a key", seal("Q\x01\x01\x01\x01\x01a", 10), ErrFormat},
		{"own, members out of order", seal("Q\x01\x01\x03\x02\x01b\x01a", 10), ErrFormat},
		{"own, a member twice", seal("Q\x01\x01\x03\x02\x01a\x01a", 10), ErrFormat},
		{"own, no score", seal("Q\x01\x01\x04\x01\x01a\x01b", 10), ErrFormat},
		{"own, an entry without an id", seal("Q\x01\x01\x08\x01\x02id\x05\x02\x01f\x01v", 10), ErrFormat},
		{"own, an entry without fields", seal("Q\x01\x01\x08\x01\x100123456789abcdef\x00", 10), ErrFormat},
		{"own, a mark with data", seal("Q\x01\x01\x08\x01\x280123456789abcdef0123456789abcdef01234567\x01x", 10), ErrFormat},
		{"own, expiry out of range", seal("Q\x01\x01\x02\x01\x01a\x01b\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10), ErrFormat},
	} {
		limit := int64(limit)
		if c.name == "compressed beyond the limit" {
			limit = 1 << 10
		}
		if copies, err := Parse(c.payload, limit); !errors.Is(err, c.want) || copies != nil {
			t.Errorf("%s: %v, %v; want %v", c.name, copies, err, c.want)
		}
	}
}

// anyCopies draws what a key may have.
func anyCopies(t *rapid.T) (copies []register.Copy) {
	text := rapid.SliceOfN(rapid.Byte(), 0, 4)
	for range rapid.IntRange(1, 3).Draw(t, "copies") {
		kind := rapid.SampledFrom([]object.Kind{0, object.Field, object.Member, object.Scored, object.Item, object.Entry}).Draw(t, "kind")
		if kind == 0 {
			copies = append(copies, register.Copy{Value: object.Value{Data: text.Draw(t, "value")}})
			continue
		}
		var v collection.View
		for i := range rapid.IntRange(1, 4).Draw(t, "elements") {
			e := &object.Element{Kind: kind}
			if kind != object.Item {
				e.Name = append([]byte{byte(i)}, text.Draw(t, "name")...)
			}
			switch kind {
			case object.Scored:
				e.Data = object.AppendScore(nil, rapid.Float64().Draw(t, "score"))
			case object.Field:
				e.Expiry = rapid.Int64Min(0).Draw(t, "expiry")
				e.Data = text.Draw(t, "data")
			case object.Item:
				e.Data = text.Draw(t, "data")
			case object.Entry:
				e.Name = collection.StreamID{Millis: uint64(i), Sequence: rapid.Uint64().Draw(t, "sequence")}.Append(nil)
				e.Data = collection.AppendFields(nil, [][]byte{text.Draw(t, "name"), text.Draw(t, "data")})
			}
			v = append(v, e)
		}
		copies = append(copies, register.Copy{Elements: v})
	}
	return copies
}

func TestPayload_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		copies := anyCopies(t)
		payload := Append([]byte("x"), copies)[1:]
		got, err := Parse(payload, limit)
		if err != nil || len(got) != len(copies) {
			t.Fatalf("%v, %v", got, err)
		}
		for i, c := range copies {
			if !bytes.Equal(got[i].Value.Data, c.Value.Data) || len(got[i].Elements) != len(c.Elements) {
				t.Fatalf("copy %d: %+v, want %+v", i, got[i], c)
			}
			for k, e := range c.Elements {
				if g := got[i].Elements[k]; g.Kind != e.Kind || !bytes.Equal(g.Name, e.Name) || !bytes.Equal(g.Data, e.Data) || g.Expiry != e.Expiry {
					t.Fatalf("element %d of copy %d: %+v, want %+v", k, i, g, e)
				}
			}
		}
		for i := range payload {
			if _, err := Parse(payload[:i], limit); !errors.Is(err, ErrChecksum) {
				t.Fatalf("cut at %d: %v", i, err)
			}
		}
	})
}

// What a payload says that Parse accepts can be restored: every update is one that a coordinator
// can read.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\x00\x05hello"))
	f.Add([]byte("\x00\xc1\xe8\x03"))
	f.Add([]byte("\x00\xc3\x04\x0a\x00a\xe0\x00\x00"))
	f.Add([]byte("Q\x01\x02\x00\x01x\x02\x01\x01a\x01b\x00"))
	f.Add([]byte("Q\x01\x01\x05\x02\x01a\x01b"))
	f.Add(bytes.Join([][]byte{[]byte("Q\x01\x01\x08\x01\x10"), collection.StreamID{Millis: 5, Sequence: 1}.Append(nil), []byte("\x05\x02\x01f\x01v")}, nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		copies, err := Parse(seal(string(body), 10), limit)
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrChecksum) {
				t.Fatal(err)
			}
			return
		}
		for _, u := range register.UpdatesOf(copies, register.Always, 1) {
			if u.Kind != register.ChangeElements {
				continue
			}
			if c, err := collection.Decode(u.Data); err != nil || !c.Stores() {
				t.Fatalf("%+v: %v", u, err)
			}
		}
		again, err := Parse(Append(nil, copies), limit)
		if err != nil || len(again) != len(copies) {
			t.Fatalf("written again: %v, %v", again, err)
		}
	})
}

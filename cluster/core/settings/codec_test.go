package settings

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/wire"
)

func TestDocument_Encode_RoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomNodes(t)[0]
		decoded, err := Decode(d.Encode())
		check(t, err)
		wantSame(t, d, decoded)
		if !slices.Equal(d.Settings(), decoded.Settings()) {
			t.Fatalf("%+v, want %+v", decoded.Settings(), d.Settings())
		}
	})
}

// The format is on disks, and nodes of different versions exchange it: it changes only
// with its version.
func TestDocument_Encode_Golden(t *testing.T) {
	d := Founded(register.LWW)
	check(t, d.Set(Setting{Writer: 0x0102030405060708, Name: "user/alice", Value: "on"}))
	d.settings["z"] = Setting{Name: "z", Value: "\x00", Version: 300, Writer: 9}
	const want = "01" + "03" +
		"13" + "636f6e666c6963742d7265736f6c7574696f6e" + "03" + "6c7777" + "01" + "0000000000000000" +
		"0a" + "757365722f616c696365" + "02" + "6f6e" + "02" + "0102030405060708" +
		"01" + "7a" + "01" + "00" + "ac02" + "0000000000000009"
	if got := hex.EncodeToString(d.Encode()); got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	if got := d.Digest(); got != goldenDigest {
		t.Errorf("digest %#x, want %#x", got, uint64(goldenDigest))
	}
}

const goldenDigest = 0x3097e3f36d31c23c

func TestDecode_RefusesWhatEncodeCannotMake(t *testing.T) {
	plain := func(name string, version, writer uint64) []byte {
		b := wire.AppendString(nil, name)
		b = wire.AppendString(b, "value")
		b = wire.AppendUvarint(b, version)
		return wire.AppendUint64(b, writer)
	}
	document := func(settings ...[]byte) []byte {
		return append([]byte{codecVersion, byte(len(settings))}, slices.Concat(settings...)...)
	}
	good := document(plain("a", 0, 0), plain("b", 2, 1))
	_, err := Decode(good)
	check(t, err)
	for what, b := range map[string][]byte{
		"nothing":                nil,
		"a format of the future": slices.Concat([]byte{codecVersion + 1}, good[1:]),
		"out of order":           document(plain("b", 2, 1), plain("a", 0, 0)),
		"one name twice":         document(plain("a", 2, 1), plain("a", 2, 1)),
		"no name":                document(plain("", 2, 1)),
		"a version too great":    document(plain("a", maxVersion+1, 1)),
		"a flag with a writer":   document(plain("a", founded, 1)),
		"a change by nobody":     document(plain("a", founded+1, 0)),
		"bytes behind the end":   append(bytes.Clone(good), 0),
		"more than there is":     {codecVersion, 0xff, 0x07},
		"too many bytes":         make([]byte, MaxEncoded+1),
	} {
		if d, err := Decode(b); d != nil || !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%s: %+v, %v", what, d, err)
		}
	}
	for i := range good {
		if _, err := Decode(good[:i]); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("the first %d bytes of %d: %v", i, len(good), err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	d := Founded(register.LWW)
	f.Add(d.Encode())
	check(f, d.SetPolicy(1, register.Refuse))
	check(f, d.Set(Setting{Writer: 2, Name: "user/alice", Value: "on"}))
	f.Add(d.Encode())
	f.Add((&Document{}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Decode(b)
		if err != nil {
			return
		}
		if again := d.Encode(); !bytes.Equal(again, b) {
			t.Fatalf("encoded again: %x, was %x", again, b)
		}
		// A change on top of what came from outside is sound as well.
		if d.Set(Setting{Writer: 1, Name: "x", Value: "new"}) == nil {
			if _, err := Decode(d.Encode()); err != nil {
				t.Fatal(err)
			}
		}
		d.Policy()
	})
}

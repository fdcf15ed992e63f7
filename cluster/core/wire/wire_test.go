package wire

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestReader_EveryField_ReadsWhatWasAppended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u16, u32, u64 := rapid.Uint16().Draw(t, "u16"), rapid.Uint32().Draw(t, "u32"), rapid.Uint64().Draw(t, "u64")
		unsigned, signed := rapid.Uint64().Draw(t, "unsigned"), rapid.Int64().Draw(t, "signed")
		data, text := rapid.SliceOf(rapid.Byte()).Draw(t, "data"), rapid.String().Draw(t, "text")
		flag := rapid.Bool().Draw(t, "flag")

		b := AppendFlag(nil, flag)
		b = AppendUint64(AppendUint32(AppendUint16(b, u16), u32), u64)
		b = AppendVarint(AppendUvarint(b, unsigned), signed)
		b = AppendString(AppendBytes(b, data), text)

		read := func(b []byte) (*Reader, bool) {
			r := NewReader(b)
			same := r.Flag() == flag
			same = r.Uint16() == u16 && same
			same = r.Uint32() == u32 && same
			same = r.Uint64() == u64 && same
			same = r.Uvarint() == unsigned && same
			same = r.Varint() == signed && same
			same = bytes.Equal(r.Bytes(), data) && same
			same = string(r.Bytes()) == text && same
			return &r, same
		}
		r, same := read(b)
		if err := r.Done("fields"); err != nil || !same {
			t.Fatalf("read back: same is %v, %v", same, err)
		}
		for cut := range b {
			if r, _ := read(b[:cut]); !errors.Is(r.Done("fields"), ErrCorrupt) {
				t.Fatalf("%d of %d bytes: %v, want ErrCorrupt", cut, len(b), r.Done("fields"))
			}
		}
		if r, _ := read(append(b, 0)); !errors.Is(r.Done("fields"), ErrCorrupt) {
			t.Fatalf("a byte too many: %v, want ErrCorrupt", r.Done("fields"))
		}
	})
}

// The forms are on disks and between nodes of different builds: they never change.
func TestAppend_Bytes_AreThoseOfBefore(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want []byte
	}{
		{"flag", AppendFlag(AppendFlag(nil, true), false), []byte{1, 0}},
		{"uint16", AppendUint16(nil, 0x0102), []byte{1, 2}},
		{"uint32", AppendUint32(nil, 0x01020304), []byte{1, 2, 3, 4}},
		{"uint64", AppendUint64(nil, 0x0102030405060708), []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		{"uvarint", AppendUvarint(AppendUvarint(nil, 0), 300), []byte{0, 0xac, 0x02}},
		{"varint", AppendVarint(AppendVarint(nil, -1), 300), []byte{1, 0xd8, 0x04}},
		{"bytes", AppendBytes(nil, []byte("ab")), []byte{2, 'a', 'b'}},
		{"string", AppendString(nil, "ab"), []byte{2, 'a', 'b'}},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, want %x", c.name, c.got, c.want)
		}
	}
}

func TestReader_NumberInALongerForm_IsRefused(t *testing.T) {
	for _, b := range [][]byte{{0x80, 0x00}, {0x81, 0x80, 0x00}, bytes.Repeat([]byte{0xff}, 11), {0x80}} {
		r := NewReader(b)
		if n := r.Uvarint(); n != 0 || !r.Failed() {
			t.Errorf("%x: %d, failed is %v", b, n, r.Failed())
		}
	}
}

func TestReader_CountOfMoreThanTheInputHolds_IsRefused(t *testing.T) {
	four := AppendUvarint(nil, 4)
	for _, c := range []struct {
		name  string
		read  func(*Reader) int
		input []byte
		want  int
	}{
		{"as many as fit", func(r *Reader) int { return r.Count(2) }, append(four, make([]byte, 8)...), 4},
		{"a byte too few", func(r *Reader) int { return r.Count(2) }, append(four, make([]byte, 7)...), 0},
		{"at the limit", func(r *Reader) int { return r.UpTo(4).Count(2) }, append(four, make([]byte, 8)...), 4},
		{"over the limit", func(r *Reader) int { return r.UpTo(3).Count(2) }, append(four, make([]byte, 8)...), 0},
		{"the greatest number", func(r *Reader) int { return r.Count(1) }, AppendUvarint(nil, math.MaxUint64), 0},
	} {
		r := NewReader(c.input)
		if got := c.read(&r); got != c.want || r.Failed() != (c.want == 0) {
			t.Errorf("%s: %d, failed is %v; want %d", c.name, got, r.Failed(), c.want)
		}
	}
}

// The first byte of each pair in script chooses a field, so that any order of
// fields meets any input.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8}, AppendBytes(AppendUvarint(make([]byte, 20), 300), []byte("value")))
	f.Add([]byte{5, 5, 6}, []byte{0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, script, b []byte) {
		r := NewReader(b)
		for _, field := range script {
			before := len(r.Rest())
			switch field % 9 {
			case 0:
				r.Byte()
			case 1:
				r.Flag()
			case 2:
				r.Uint16()
			case 3:
				r.Uint32()
			case 4:
				r.Uint64()
			case 5:
				if n := r.Uvarint(); !r.Failed() && before-len(r.Rest()) != UvarintLen(n) {
					t.Fatalf("%d read from %d bytes, its shortest form has %d", n, before-len(r.Rest()), UvarintLen(n))
				}
			case 6:
				r.Varint()
			case 7:
				if n := r.UpTo(100).Count(3); n > 100 || n*3 > len(r.Rest()) {
					t.Fatalf("count %d with %d bytes left", n, len(r.Rest()))
				}
			case 8:
				if got := r.Bytes(); len(got) > before {
					t.Fatalf("%d bytes read of %d", len(got), before)
				}
			}
			if len(r.Rest()) > before || r.Failed() && len(r.Rest()) > 0 {
				t.Fatalf("%d bytes left of %d, failed is %v", len(r.Rest()), before, r.Failed())
			}
		}
	})
}

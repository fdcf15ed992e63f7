package bitmap

import (
	"bytes"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/testproperties"
)

func TestMain(m *testing.M) { testproperties.Main(m) }

// written returns the bits of data as text, one character each.
func written(data []byte) string {
	out := make([]byte, 0, 8*len(data))
	for _, b := range data {
		for shift := 7; shift >= 0; shift-- {
			out = append(out, '0'+b>>shift&1)
		}
	}
	return string(out)
}

func TestCountFindBit_AnyRange_AreThoseOfTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0xff, 0x80, 1, 0x5a}), 1, 40).Draw(t, "data")
		text := written(data)
		first := rapid.IntRange(0, len(text)-1).Draw(t, "first")
		last := rapid.IntRange(first, len(text)-1).Draw(t, "last")
		ones, at := 0, [2]int64{-1, -1}
		for i := first; i <= last; i++ {
			bit := int(text[i] - '0')
			ones += bit
			if at[bit] < 0 {
				at[bit] = int64(i)
			}
			if got := Bit(data, uint64(i)); got != bit {
				t.Fatalf("bit %d of %s: %d", i, text, got)
			}
		}
		if got := Count(data, Range{int64(first), int64(last)}); got != int64(ones) {
			t.Fatalf("%d ones from %d to %d of %s, want %d", got, first, last, text, ones)
		}
		for bit, want := range at {
			if got := Find(data, bit, Range{int64(first), int64(last)}); got != want {
				t.Fatalf("first %d from %d to %d of %s: %d, want %d", bit, first, last, text, got, want)
			}
		}
	})
	if Bit(nil, 0) != 0 || Bit([]byte{0xff}, 8) != 0 {
		t.Error("a bit beyond the end is not 0")
	}
}

func TestCombine_AnySources_WorksByteByByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sources := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 5), 1, 4).Draw(t, "sources")
		op := rapid.SampledFrom([]Operation{And, Or, Xor, Not}).Draw(t, "operation")
		if op == Not {
			sources = sources[:1]
		}
		var before [][]byte
		for _, s := range sources {
			before = append(before, bytes.Clone(s))
		}
		got := Combine(op, sources)
		for i := range max(len(got), 5) {
			at := func(s []byte) byte {
				if i < len(s) {
					return s[i]
				}
				return 0
			}
			want := at(sources[0])
			for _, s := range sources[1:] {
				switch op {
				case And:
					want &= at(s)
				case Or:
					want |= at(s)
				case Xor:
					want ^= at(s)
				}
			}
			if op == Not && i < len(sources[0]) {
				want = ^want
			}
			if at(got) != want {
				t.Fatalf("operation %d of %x: byte %d of %x is not %x", op, sources, i, got, want)
			}
		}
		for i, s := range sources {
			if !bytes.Equal(s, before[i]) {
				t.Fatalf("source %d was changed", i)
			}
		}
	})
	if got := Combine(And, [][]byte{{0xff, 0xff}, {0x0f}}); !bytes.Equal(got, []byte{0x0f, 0}) {
		t.Errorf("the result is not as long as the longest source: %x", got)
	}
}

// model carries out one step on an exact integer.
func model(f Field, bits string) (after string, a Answer) {
	field := bits[f.Offset : f.Offset+uint64(f.Bits)]
	old, _ := new(big.Int).SetString(field, 2)
	span := new(big.Int).Lsh(big.NewInt(1), uint(f.Bits))
	least, beyond := big.NewInt(0), new(big.Int).Set(span) // the numbers that fit
	if f.Sign == Signed {
		half := new(big.Int).Rsh(span, 1)
		least.Neg(half)
		beyond.Set(half)
		if old.Cmp(half) >= 0 {
			old.Sub(old, span)
		}
	}
	a.Number = old.Int64()
	sum := big.NewInt(f.Number)
	switch {
	case f.Action == Get:
		return bits, a
	case f.Action == Add:
		sum.Add(sum, old)
	case f.Sign == Unsigned && f.Number < 0:
		sum.Add(sum, new(big.Int).Lsh(big.NewInt(1), 64))
	}
	if sum.Cmp(least) < 0 || sum.Cmp(beyond) >= 0 {
		switch f.Overflow {
		case Fail:
			return bits, Answer{None: true}
		case Saturate:
			if sum.Cmp(least) < 0 {
				sum = least
			} else {
				sum = new(big.Int).Sub(beyond, big.NewInt(1))
			}
		case Wrap:
			sum = new(big.Int).Add(least, new(big.Int).Mod(new(big.Int).Sub(sum, least), span))
		}
	}
	if f.Action == Add {
		a.Number = sum.Int64()
	}
	stored := new(big.Int).Mod(sum, span).Text(2)
	for len(stored) < int(f.Bits) {
		stored = "0" + stored
	}
	return bits[:f.Offset] + stored + bits[f.Offset+uint64(f.Bits):], a
}

func anyField() *rapid.Generator[Field] {
	return rapid.Custom(func(t *rapid.T) Field {
		f := Field{
			Action:   rapid.SampledFrom([]Action{Get, Put, Add}).Draw(t, "action"),
			Overflow: rapid.SampledFrom([]Overflow{Wrap, Saturate, Fail}).Draw(t, "overflow"),
			Sign:     rapid.SampledFrom([]Sign{Unsigned, Signed}).Draw(t, "sign"),
			Offset:   rapid.Uint64Range(0, 70).Draw(t, "offset"),
			Number:   rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64(), rapid.SampledFrom([]int64{-1 << 63, 1<<63 - 1})).Draw(t, "number"),
		}
		f.Bits = rapid.SampledFrom([]uint8{1, 2, 7, 8, 9, 32, 62, 63}).Draw(t, "bits")
		if f.Sign == Signed && rapid.Bool().Draw(t, "whole") {
			f.Bits = 64
		}
		return f
	})
}

func TestApply_AnySteps_DoAsExactNumbersDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0xff, 0x80, 1}), 0, 12).Draw(t, "data")
		fields := rapid.SliceOfN(anyField(), 1, 5).Draw(t, "fields")
		before := bytes.Clone(data)
		next, answers := Apply(data, fields)
		if !bytes.Equal(data, before) {
			t.Fatal("the old value was changed")
		}
		if want := max(len(data), int(Written(fields))); len(next) != want {
			t.Fatalf("%d bytes, want %d", len(next), want)
		}
		text := written(append(bytes.Clone(data), make([]byte, 40)...))
		for i, f := range fields {
			var want Answer
			if text, want = model(f, text); answers[i] != want {
				t.Fatalf("step %d, %+v: %+v, want %+v", i, f, answers[i], want)
			}
		}
		if got := written(next); got != text[:len(got)] {
			t.Fatalf("%s, want %s", got, text[:len(got)])
		}
	})
}

func TestCodec_AnyStepsAndAnswers_AreReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(anyField(), 0, 5).Draw(t, "fields")
		got, err := ReadFields(AppendFields(nil, fields))
		if err != nil || len(got) != len(fields) {
			t.Fatalf("%v, %v", got, err)
		}
		for i := range fields {
			if got[i] != fields[i] {
				t.Fatalf("%+v, want %+v", got[i], fields[i])
			}
		}
		_, answers := Apply(nil, fields)
		again, err := ReadAnswers(AppendAnswers(nil, answers))
		if err != nil || len(again) != len(answers) {
			t.Fatalf("%v, %v", again, err)
		}
		for i := range answers {
			if again[i] != answers[i] {
				t.Fatalf("%+v, want %+v", again[i], answers[i])
			}
		}
	})
}

func TestReadFields_Impossible_IsRefused(t *testing.T) {
	for _, f := range []Field{
		{Bits: 0}, {Bits: 64}, {Bits: 65, Sign: Signed}, {Bits: 8, Action: actions}, {Bits: 8, Overflow: overflows},
		{Bits: 8, Sign: 2}, {Bits: 8, Offset: MaxOffset + 1},
	} {
		if got, err := ReadFields(AppendFields(nil, []Field{f})); err == nil {
			t.Errorf("%+v was read as %+v", f, got)
		}
	}
}

func FuzzReadFields(f *testing.F) {
	f.Add(AppendFields(nil, []Field{{Action: Add, Bits: 8, Offset: 100, Number: -5}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		fields, err := ReadFields(b)
		if err != nil || Written(fields) > 1<<20 {
			return
		}
		_, answers := Apply(b, fields)
		if _, err := ReadAnswers(AppendAnswers(nil, answers)); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadAnswers(b); err == nil && len(b) == 0 {
			t.Fatal("nothing is no list of answers")
		}
	})
}

func BenchmarkCount(b *testing.B) {
	data := bytes.Repeat([]byte{0x5a}, 1<<20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		Count(data, Range{3, int64(8*len(data) - 3)})
	}
}

package hyperloglog

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/testproperties"
)

func TestMain(m *testing.M) { testproperties.Main(m) }

func of(elements ...string) *Registers {
	r := new(Registers)
	for _, e := range elements {
		r.Add(Observe([]byte(e)))
	}
	return r
}

func anyRegisters() *rapid.Generator[*Registers] {
	return rapid.Custom(func(t *rapid.T) *Registers {
		r := new(Registers)
		most := rapid.SampledFrom([]uint8{3, 32, greatest}).Draw(t, "most")
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, registers-1), 0, 50).Draw(t, "set") {
			r[i] = rapid.Uint8Range(1, most).Draw(t, "rank")
		}
		if from := rapid.IntRange(0, registers).Draw(t, "from"); rapid.Bool().Draw(t, "run") {
			for i := from; i < min(from+200, registers); i++ {
				r[i] = 7
			}
		}
		return r
	})
}

func TestValue_AnyRegisters_AreReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyRegisters().Draw(t, "registers")
		value := want.Append([]byte("before"))[len("before"):]
		var got Registers
		if err := got.Read(value); err != nil || got != *want {
			t.Fatalf("%v: other registers", err)
		}
		for _, rank := range want {
			if rank > sparseGreatest && value[4] != dense {
				t.Fatal("a register that is too great for it is sparse")
			}
		}
	})
}

func TestValue_ManyElements_BecomesDense(t *testing.T) {
	r := new(Registers)
	for i := range 20000 {
		r.Add(Observe(fmt.Appendf(nil, "element %d", i)))
		if i == 100 {
			if value := r.Append(nil); value[4] != sparse || len(value) > 500 {
				t.Fatalf("%d bytes of encoding %d for 100 elements", len(value), value[4])
			}
		}
	}
	value := r.Append(nil)
	if value[4] != dense || len(value) != denseSize {
		t.Fatalf("%d bytes of encoding %d", len(value), value[4])
	}
	var again Registers
	if err := again.Read(value); err != nil || again != *r {
		t.Errorf("%v: other registers", err)
	}
}

// The bytes are those of a redis-server 7.0 after PFADD k a b c.
func TestAppend_OfThreeElements_IsRedisValue(t *testing.T) {
	const want = "48594c4c010000000000000000000080" + "60f3" + "80" + "50b1" + "84" + "4bfb" + "80" + "425a"
	if got := hex.EncodeToString(of("a", "b", "c").Append(nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestJoin_OfAnyParts_IsThatOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyRegisters().Draw(t, "a"), anyRegisters().Draw(t, "b")
		ab, ba, aba := *a, *b, *a
		ab.Join(b)
		ba.Join(a)
		aba.Join(b)
		aba.Join(a)
		if ab != ba || aba != ab {
			t.Fatal("the union depends on the order")
		}
		encoded := *a
		if _, err := encoded.AddEncoded(AppendObservations(nil, b.Observations())); err != nil || encoded != ab {
			t.Fatalf("%v: the observations are not the registers", err)
		}
		if changed, _ := encoded.AddEncoded(AppendObservations(nil, a.Observations())); changed {
			t.Fatal("what is known already changed a register")
		}
	})
}

func TestEstimate_IsWithinItsError(t *testing.T) {
	r := new(Registers)
	if n := r.Estimate(); n != 0 {
		t.Errorf("%d of nothing", n)
	}
	for n := 1; n <= 200000; n++ {
		r.Add(Observe(fmt.Appendf(nil, "visitor:%d", n)))
		if n == 1 || n == 10 || n == 1000 || n == 50000 || n == 200000 {
			if got := r.Estimate(); math.Abs(float64(got-int64(n))) > 0.03*float64(n) {
				t.Errorf("%d of %d elements", got, n)
			}
		}
	}
	for i := range r {
		r[i] = greatest
	}
	if got := r.Estimate(); got != math.MaxInt64 {
		t.Errorf("%d of full registers", got)
	}
}

func TestRead_WhatIsNone_IsRefused(t *testing.T) {
	header := magic + "\x01" + strings.Repeat("\x00", headerSize-5)
	for _, c := range []struct {
		value string
		want  error
	}{
		{"", ErrNotHyperLogLog},
		{"HYLL", ErrNotHyperLogLog},
		{strings.Replace(header, "HYLL", "HYLX", 1), ErrNotHyperLogLog},
		{strings.Replace(header, "\x01", "\x02", 1), ErrNotHyperLogLog},
		{strings.Replace(header, "\x01", "\x00", 1), ErrNotHyperLogLog}, // dense, and too short
		{header, ErrCorrupt},
		{header + "\x7f", ErrCorrupt},
		{header + "\x7f\xff\x00", ErrCorrupt}, // one register too many
		{header + "\x7f\xfe", ErrCorrupt},     // one too few
		{magic + "\x00" + strings.Repeat("\xff", denseSize-5), ErrCorrupt},
	} {
		var r Registers
		if err := r.Read([]byte(c.value)); !errors.Is(err, c.want) {
			t.Errorf("%.30q: %v, want %v", c.value, err, c.want)
		}
	}
	if err := new(Registers).Read([]byte(header + "\x7f\xff")); err != nil {
		t.Errorf("empty registers: %v", err)
	}
}

func TestAddEncoded_Impossible_IsRefused(t *testing.T) {
	for _, b := range [][]byte{{0}, {0, 0, 0}, {0, 0, greatest + 1}, {0x40, 0, 1}, {0, 1, 1, 0}} {
		if _, err := new(Registers).AddEncoded(b); err == nil {
			t.Errorf("%x was taken", b)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(of("a", "b").Append(nil))
	f.Add([]byte(magic + "\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, again Registers
		if r.Read(b) != nil {
			return
		}
		if err := again.Read(r.Append(nil)); err != nil || again != r {
			t.Fatalf("%v: other registers", err)
		}
		r.Estimate()
		_, _ = r.AddEncoded(bytes.TrimPrefix(b, []byte(magic)))
	})
}

func BenchmarkRegisters(b *testing.B) {
	r := new(Registers)
	for i := range 50000 {
		r.Add(Observe(fmt.Appendf(nil, "%d", i)))
	}
	value := r.Append(nil)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			_ = new(Registers).Read(value)
		}
	})
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			r.Append(value[:0])
		}
	})
	b.Run("estimate", func(b *testing.B) {
		for b.Loop() {
			r.Estimate()
		}
	})
}

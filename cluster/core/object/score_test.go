package object

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

func TestScore_EveryNumber_HasOneForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), 5e-324})).Draw(t, "score")
		data := AppendScore([]byte("x"), want)[1:]
		if got, ok := ReadScore(data); !ok || got != want || got == 0 && math.Signbit(got) {
			t.Fatalf("%v is read as %v, %v", want, got, ok)
		}
	})
}

func TestReadScore_OtherForms_AreRefused(t *testing.T) {
	for _, data := range []string{
		"", "\x00\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"\x80\x00\x00\x00\x00\x00\x00\x00",                                     // -0
		"\x7f\xf8\x00\x00\x00\x00\x00\x00", "\xff\xf0\x00\x00\x00\x00\x00\x01", // NaN
	} {
		if got, ok := ReadScore([]byte(data)); ok {
			t.Errorf("% x is read as %v", data, got)
		}
	}
}

func TestDecode_ElementWithABadScore_IsRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		element Element
		sound   bool
	}{
		{"a score", Element{Data: AppendScore(nil, 1.5)}, true},
		{"stripped", Element{Stripped: true, Expiry: 1}, true},
		{"none", Element{}, false},
		{"seven bytes", Element{Data: []byte("1234567")}, false},
		{"NaN", Element{Data: []byte("\x7f\xf8\x00\x00\x00\x00\x00\x00")}, false},
	} {
		dot := causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}
		c.element.Kind, c.element.Name, c.element.Dot, c.element.Time = Scored, []byte("m"), dot, 10
		o := Object{Clock: causal.Vector{}.With(dot, 10), Elements: Elements{c.element}}
		if _, err := Decode(o.Append(nil)); (err == nil) != c.sound || err != nil && !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

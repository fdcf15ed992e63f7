package message

import (
	"bytes"
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// What a read may name is bounded, by its sender and by who reads it: before anything is made of it.
func TestRead_Selection_IsBounded(t *testing.T) {
	of := func(number, length int) (s object.Selection) {
		for range number {
			s.Names = append(s.Names, object.Name{Kind: object.Field, Name: bytes.Repeat([]byte("n"), length)})
		}
		return s
	}
	for _, test := range []struct {
		selection object.Selection
		sends     bool
	}{
		{of(0, 0), true}, {of(MaxNames, 0), true}, {of(MaxNames+1, 0), false}, {of(1, MaxNameBytes), true}, {of(1, MaxNameBytes+1), false},
		{of(2, MaxNameBytes/2), true}, {of(3, MaxNameBytes/2), false},
	} {
		if got := Sends(test.selection); got != test.sends {
			t.Errorf("%d names: can be sent: %v", len(test.selection.Names), got)
		}
		r := wire.NewReader(Read{Part: true, Key: []byte("k"), Selection: test.selection}.Append(nil))
		if got := ReadRead(&r); r.Failed() == test.sends || test.sends && len(got.Selection.Names) != len(test.selection.Names) {
			t.Errorf("%d names: read as %d, failed: %v", len(test.selection.Names), len(got.Selection.Names), r.Failed())
		}
	}
	for _, ends := range []object.Ends{{Kind: object.Item, First: 1}, {Kind: object.Item, Last: 1}} {
		if Sends(object.Selection{Ends: ends}) {
			t.Errorf("%+v can be sent, and would be lost on the way", ends)
		}
	}
	lies := append(Read{Key: []byte("k")}.Append(nil), 0xff, 0x1f, 1, 0) // one name, said to be 4095
	lies[2] |= flagPart
	allocated := testing.AllocsPerRun(10, func() {
		r := wire.NewReader(lies)
		if ReadRead(&r); !r.Failed() {
			t.Error("more names than there are bytes")
		}
	})
	if allocated > 0 {
		t.Errorf("%v allocations for names that are not there", allocated)
	}
}

// Totals that no collection has are refused.
func TestAnswer_Rest_IsBounded(t *testing.T) {
	for _, rest := range []object.Rest{
		{Kind: object.Field}, {Names: 1}, {Kind: object.Field, Names: maxTotal + 1}, {Kind: object.Field, Names: 1, Bytes: maxTotal + 1},
		{Kind: object.Field, Names: -1}, {Kind: object.Field, Names: 1, Bytes: -1},
	} {
		r := wire.NewReader(Answer{Found: Part, Object: []byte("o"), Rest: rest}.Append(nil))
		if ReadAnswer(&r); !r.Failed() {
			t.Errorf("%+v is taken", rest)
		}
	}
}

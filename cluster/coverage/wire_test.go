package coverage

import (
	"errors"
	"reflect"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Nodes of different builds exchange these bytes: they never change.
func TestPage_Encoding_IsThatOfEveryBuild(t *testing.T) {
	pg := page{more: true, next: 7, keys: []listed{
		{hash: 1, alive: true, at: causal.Timestamp(2), key: []byte("ab")}, {hash: 3, key: []byte{}},
	}}
	want := "\x01\x00\x00\x00\x07" +
		"\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x02\x02ab" +
		"\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	b := pg.append(nil)
	if string(b) != want {
		t.Fatalf("%x, want %x", b, want)
	}
	if got, err := decodePage(b); err != nil || !reflect.DeepEqual(got, pg) {
		t.Errorf("%v: %+v, want %+v", err, got, pg)
	}
	whole := map[int]bool{5: true, 21: true} // a page may end after the header and after each key
	for cut := range b {
		if _, err := decodePage(b[:cut]); (err == nil) != whole[cut] || err != nil && !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%d of %d bytes: %v", cut, len(b), err)
		}
	}
}

func TestCounts_Malformed_AreRefused(t *testing.T) {
	got, err := decodeCounts([]byte{5, 0xac, 0x02, 1, 2}, 2)
	if want := (counts{bytes: 5, hints: 300, keys: []int64{1, 2}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: %+v, want %+v", err, got, want)
	}
	got, err = decodeCounts([]byte{5, 0xac, 0x02, 1, 2, 1}, 2)
	if want := (counts{bytes: 5, hints: 300, keys: []int64{1, 2}, refilling: true}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("with flags: %v: %+v, want %+v", err, got, want)
	}
	got, err = decodeCounts([]byte{5, 0xac, 0x02, 1, 2, 0, 1, 0, 60, 0}, 2)
	want := counts{bytes: 5, hints: 300, keys: []int64{1, 2}, expiring: []int64{1, 0}, expirySums: []int64{60, 0}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("with expiries: %v: %+v, want %+v", err, got, want)
	}
	for _, b := range [][]byte{nil, {5}, {5, 1, 0x80}} {
		if _, err := decodeCounts(b, 2); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%x: %v, want ErrCorrupt", b, err)
		}
	}
}

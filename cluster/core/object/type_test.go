package object

import (
	"errors"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/wire"
)

func TestDecode_DocumentOfANewerBuild_SaysWhatAndToUpgrade(t *testing.T) {
	for _, c := range []struct {
		name   string
		header []byte
		want   string
	}{
		{"type", []byte{formatPlain, 'c', 0, 0}, `object of unknown type 'c' (0x63)`},
		{"format", []byte{formatSums + 1, byte(Register), 0, 0}, "object of format 7, this build reads formats 1 to 6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode(wire.AppendUint32(c.header, wire.Checksum(c.header)))
			if !errors.Is(err, ErrUnknown) || !errors.Is(err, wire.ErrCorrupt) {
				t.Fatalf("%v, want ErrUnknown and ErrCorrupt", err)
			}
			if text := err.Error(); !strings.Contains(text, c.want) || !strings.Contains(text, "upgrade this node") {
				t.Errorf("%q, want %q and what to do", text, c.want)
			}
		})
	}
	mangled := []byte{formatPlain, 'c', 0, 0, 1, 2, 3, 4}
	if _, err := Decode(mangled); errors.Is(err, ErrUnknown) || !errors.Is(err, wire.ErrCorrupt) {
		t.Errorf("wrong checksum: %v, want ErrCorrupt alone", err)
	}
}

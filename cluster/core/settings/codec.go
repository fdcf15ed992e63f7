package settings

import (
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// A document is stored and sent as
//
//	version u8 (1) | number of settings | each: name | value | version | writer u64
//
// in the order of the names. Other numbers are uvarints; texts follow their length.
const (
	codecVersion  = 1
	minSettingLen = 2 + 1 + 1 + 8
)

// MaxEncoded bounds an encoded document.
const MaxEncoded = 16 + MaxSettings*(MaxName+MaxValue+24)

// Encode returns the stored and sent form of d. Equal documents have equal bytes.
func (d *Document) Encode() []byte {
	b := wire.AppendUvarint([]byte{codecVersion}, uint64(len(d.settings)))
	for _, s := range d.Settings() {
		b = wire.AppendString(b, s.Name)
		b = wire.AppendString(b, s.Value)
		b = wire.AppendUvarint(b, s.Version)
		b = wire.AppendUint64(b, uint64(s.Writer))
	}
	return b
}

// Decode decodes what Encode returned. It refuses, by an error that wraps
// [wire.ErrCorrupt], any bytes that Encode cannot have made, and those of another
// version of the format.
func Decode(b []byte) (*Document, error) {
	const what = "settings"
	if len(b) > MaxEncoded {
		return nil, fmt.Errorf("%s of %d bytes, at most %d: %w", what, len(b), MaxEncoded, wire.ErrCorrupt)
	}
	r := wire.NewReader(b)
	if v := r.Byte(); !r.Failed() && v != codecVersion {
		return nil, fmt.Errorf("%s of format %d, this build reads %d: %w", what, v, codecVersion, wire.ErrCorrupt)
	}
	n := r.UpTo(MaxSettings).Count(minSettingLen)
	d := &Document{settings: make(map[string]Setting, n)}
	last := ""
	for range n {
		s := Setting{Name: string(r.Bytes()), Value: string(r.Bytes()), Version: r.Uvarint(), Writer: causal.NodeID(r.Uint64())}
		if r.Failed() {
			break
		}
		if err := s.validate(); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", what, wire.ErrCorrupt, err)
		}
		if s.Name <= last {
			return nil, fmt.Errorf("%s: %s is out of order: %w", what, s.Name, wire.ErrCorrupt)
		}
		last = s.Name
		d.settings[s.Name] = s
	}
	if err := r.Done(what); err != nil {
		return nil, err
	}
	return d, nil
}

// Digest returns a hash of the whole document: equal documents, and in practice only
// those, have equal digests. It is 0 for a document without settings, and for no other.
func (d *Document) Digest() uint64 {
	if len(d.settings) == 0 {
		return 0
	}
	return max(xxhash.Sum64(d.Encode()), 1)
}

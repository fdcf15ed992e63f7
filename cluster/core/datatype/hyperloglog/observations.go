package hyperloglog

import "github.com/quorate/quorate/cluster/core/wire"

// AppendObservations appends the encoding of observations to dst: the register in two
// bytes and the rank in one.
func AppendObservations(dst []byte, all []Observation) []byte {
	for _, o := range all {
		dst = append(wire.AppendUint16(dst, o.Register), o.Rank)
	}
	return dst
}

// AddEncoded takes observations in from their encoding, all of b, and reports whether that
// changed a register. Errors wrap [wire.ErrCorrupt]; then the registers may have changed.
func (r *Registers) AddEncoded(b []byte) (changed bool, err error) {
	in := wire.NewReader(b)
	for len(in.Rest()) > 0 {
		o := Observation{Register: in.Uint16(), Rank: in.Byte()}
		if in.Failed() || o.Register >= registers || o.Rank < 1 || o.Rank > greatest {
			return changed, wire.Corrupt("observation of a HyperLogLog")
		}
		changed = r.Add(o) || changed
	}
	return changed, nil
}

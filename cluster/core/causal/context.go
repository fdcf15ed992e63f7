package causal

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/wire"
)

// ErrBadContext is wrapped by every error about a context token: it is mangled,
// it is another key's, or it was never one.
var ErrBadContext = errors.New("bad context")

// A token is, in unpadded base64url:
//
//	format version (1 byte)
//	entries        number (uvarint), then for each: node, epoch (8 bytes each),
//	               counter, time in whole seconds (uvarints)
//	own            in version 1: the dot of the client's last write, if no entry covers
//	               it: counter (uvarint; 0: there is none), then node, epoch
//	gaps           in version 2: see Gaps
//	checksum       CRC-32C of the key and of all before it (4 bytes)
//
// A context without gaps is written in version 1, with no own dot.
//
// A checksum is not a signature: it detects accidents, not forgery. With a forged
// token, a client that may write a key can do no more to it than with a careless
// write. Times are cut to seconds because they only age entries.
const (
	versionOwn    = 1
	versionGaps   = 2
	minTokenEntry = 8 + 8 + 1 + 1
	maxTokenEntry = 8 + 8 + 7 + 7
	maxTokenGap   = 2 + 7 + 7
	maxTokenLen   = (1+2+(MaxEntries+1)*maxTokenEntry+2+MaxGaps*maxTokenGap+wire.ChecksumLen)*4/3 + 4
	maxSeconds    = (1<<(64-logicalBits) - 1) / 1000 // of the last Timestamp
)

var tokenEncoding = base64.RawURLEncoding.Strict()

// ContextTokens writes and reads the context tokens of one key. A token of another key is
// refused.
type ContextTokens struct{ key []byte }

// ContextTokensOf returns the ContextTokens of key, which it does not copy.
func ContextTokensOf(key []byte) ContextTokens { return ContextTokens{key} }

// minTokenLen is less than the length of any token of a context that is not empty.
const minTokenLen = 24

// IsToken reports whether a client's argument has the form of a token of any key. It may be
// mangled.
func IsToken(arg []byte) bool {
	if len(arg) < minTokenLen || len(arg) > maxTokenLen {
		return false
	}
	raw, err := tokenEncoding.AppendDecode(nil, arg[:4])
	return err == nil && (raw[0] == versionOwn || raw[0] == versionGaps)
}

// Append appends to dst the token for a client that has seen c. If c has more than
// [MaxEntries] entries, the token holds the newest of them; if it has more than
// [MaxGaps] gaps, some of them become one.
func (t ContextTokens) Append(dst []byte, c Context) []byte {
	v, gaps := c.Vector, c.Gaps
	if len(v) > MaxEntries {
		v = newestEntries(v, MaxEntries)
		gaps = gaps.Of(v)
	}
	if len(gaps) > MaxGaps {
		gaps = gaps.Capped(MaxGaps, func(Gap) bool { return false }) // one for each actor is left at least
	}
	// The raw bytes are built in dst behind the place of their base64 form, so that
	// a large enough dst is all the memory needed.
	most := 1 + 2 + (len(v)+1)*maxTokenEntry + 2 + len(gaps)*maxTokenGap + wire.ChecksumLen
	dst = slices.Grow(dst, tokenEncoding.EncodedLen(most)+most)
	raw := dst[len(dst)+tokenEncoding.EncodedLen(most) : len(dst)+tokenEncoding.EncodedLen(most)]
	version := byte(versionOwn)
	if len(gaps) > 0 {
		version = versionGaps
	}
	raw = append(raw, version)
	raw = wire.AppendUvarint(raw, uint64(len(v)))
	for i := range v {
		e := &v[i]
		raw = wire.AppendUint64(raw, uint64(e.Actor.Node))
		raw = wire.AppendUint64(raw, uint64(e.Actor.Epoch))
		raw = wire.AppendUvarint(raw, uint64(e.Counter))
		raw = wire.AppendUvarint(raw, uint64(e.Time.UnixMilli()/1000))
	}
	if version == versionGaps {
		raw = gaps.Append(raw, v)
	} else {
		raw = append(raw, 0)
	}
	raw = wire.AppendUint32(raw, t.sum(raw))
	return tokenEncoding.AppendEncode(dst, raw)
}

// Parse reads a client's token: what the client has seen. The empty token means that the
// client has seen nothing. Errors wrap [ErrBadContext].
func (t ContextTokens) Parse(token []byte) (c Context, err error) {
	if len(token) == 0 {
		return c, nil
	}
	if len(token) > maxTokenLen {
		return c, fmt.Errorf("context of %d bytes: %w", len(token), ErrBadContext)
	}
	for _, b := range token {
		if b == '\n' || b == '\r' { // base64 would skip them
			return c, fmt.Errorf("context is not base64url: %w", ErrBadContext)
		}
	}
	var stack [512]byte
	raw, err := tokenEncoding.AppendDecode(stack[:0], token)
	if err != nil {
		return c, fmt.Errorf("context is not base64url: %w", ErrBadContext)
	}
	if len(raw) < 1+1+1+wire.ChecksumLen {
		return c, fmt.Errorf("context is cut short: %w", ErrBadContext)
	}
	body, sum := raw[:len(raw)-wire.ChecksumLen], raw[len(raw)-wire.ChecksumLen:]
	if t.sum(body) != binary.BigEndian.Uint32(sum) {
		return c, fmt.Errorf("context is mangled or of another key: %w", ErrBadContext)
	}
	if body[0] != versionOwn && body[0] != versionGaps {
		return c, fmt.Errorf("context of version %d: %w", body[0], ErrBadContext)
	}
	r := wire.NewReader(body[1:])
	v := readTokenEntries(&r)
	if body[0] == versionGaps {
		if c = (Context{Vector: v, Gaps: ReadGaps(&r, v, nil)}); len(c.Gaps) > MaxGaps {
			r.Fail()
		}
	} else {
		own := ReadDot(&r)
		if own.Counter > 0 && v.Covers(own) {
			r.Fail()
		}
		c = ContextOf(v, own)
	}
	if r.Failed() || len(r.Rest()) > 0 {
		return Context{}, fmt.Errorf("context is malformed: %w", ErrBadContext)
	}
	return c, nil
}

func readTokenEntries(r *wire.Reader) Vector {
	n := r.Count(minTokenEntry)
	if n > MaxEntries {
		r.Fail()
		return nil
	}
	v := make(Vector, 0, n)
	for range n {
		var e Entry
		e.Actor.Node = NodeID(r.Uint64())
		e.Actor.Epoch = Epoch(r.Uint64())
		e.Counter = Counter(r.Uvarint())
		seconds := r.Uvarint()
		if e.Counter == 0 || e.Counter > MaxCounter || seconds > maxSeconds {
			r.Fail()
		}
		if len(v) > 0 && v[len(v)-1].Actor.Compare(e.Actor) >= 0 {
			r.Fail()
		}
		if r.Failed() {
			return nil
		}
		e.Time = TimestampOf(int64(seconds) * 1000)
		v = append(v, e)
	}
	return v
}

// sum returns the checksum that binds a token's body to the key.
func (t ContextTokens) sum(body []byte) uint32 { return wire.Checksum(t.key, body) }

// newestEntries returns the n entries of v with the newest events.
func newestEntries(v Vector, n int) Vector {
	v = v.Clone()
	slices.SortFunc(v, func(a, b Entry) int {
		if c := cmp.Compare(b.Time, a.Time); c != 0 {
			return c
		}
		return a.Actor.Compare(b.Actor)
	})
	v = v[:n]
	slices.SortFunc(v, func(a, b Entry) int { return a.Actor.Compare(b.Actor) })
	return v
}

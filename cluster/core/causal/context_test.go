package causal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/wire"
)

var (
	key     = []byte("cart:42")
	entries = Vector{
		{Actor{7, 1_763_000_000_000 << 20}, 3, TimestampOf(1_763_000_000_000)},
		{Actor{0xfedcba9876543210, 2}, MaxCounter, TimestampOf(1_763_000_001_000)},
	}
	own = Dot{Actor{7, 1_763_000_000_000 << 20}, 9}
)

func TestContext_RoundTrip(t *testing.T) {
	for _, v := range []Vector{nil, entries[:1], entries} {
		for _, own := range []Dot{{}, own} {
			seen := ContextOf(v, own)
			token := ContextTokensOf(key).Append([]byte("+"), seen)
			got, err := ContextTokensOf(key).Parse(token[1:])
			if err != nil || !slices.Equal(got.Vector, seen.Vector) || !slices.Equal(got.Gaps, seen.Gaps) {
				t.Errorf("%v %v: %v, %v", v, own, got, err)
			}
			if old, err := ContextTokensOf(key).Parse(oldToken(key, v, own)); err != nil || !slices.Equal(old.Vector, seen.Vector) || !slices.Equal(old.Gaps, seen.Gaps) {
				t.Errorf("%v %v in version 1: %v, %v", v, own, old, err)
			}
			for _, c := range token[1:] {
				if c <= ' ' || c > '~' || strings.ContainsRune(`"'\+/=`, rune(c)) {
					t.Errorf("%q in a token", c)
				}
			}
		}
	}
	if v, err := parseVector(key, nil); v != nil || err != nil {
		t.Errorf("no token: %v, %v", v, err)
	}
	if !bytes.Equal(oldToken(key, entries, Dot{}), ContextTokensOf(key).Append(nil, Context{Vector: entries})) {
		t.Error("a context without gaps has another token than before")
	}
	if _, err := ContextTokensOf(key).Parse(oldToken(key, entries, Dot{entries[0].Actor, 2})); !errors.Is(err, ErrBadContext) {
		t.Errorf("a dot that the vector covers is in the token: %v", err)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := anyVector(t)
		key := rapid.SliceOf(rapid.Byte()).Draw(t, "key")
		got, err := parseVector(key, ContextTokensOf(key).Append(nil, Context{Vector: v}))
		if err != nil || Compare(got, v) != Equal || got.Latest() > v.Latest() {
			t.Fatalf("%v: %v, want %v", err, got, v)
		}
	})
}

// Clients keep tokens, and hand them to nodes of other versions: the form changes only with
// its version.
func TestContext_Golden(t *testing.T) {
	const last = "fedcba9876543210" + "0000000000000002" + "80808080808040" + "c1fdd4c806" // node, epoch, counter, seconds
	for _, c := range []struct {
		what    string
		context Context
		want    string // without the checksum
	}{
		{"nothing seen", Context{}, "01" + "00" + "00"},
		{"version 1", Context{Vector: entries}, "01" + "02" + "0000000000000007" + "19a7afd1e0000000" + "03" + "c0fdd4c806" + last + "00"},
		{"version 2", ContextOf(entries, own), "02" + "02" + "0000000000000007" + "19a7afd1e0000000" + "09" + "c1fdd4c806" + last + "01" + "00" + "04" + "04"},
	} {
		token := ContextTokensOf(key).Append(nil, c.context)
		raw, err := base64.RawURLEncoding.DecodeString(string(token))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(raw[:len(raw)-wire.ChecksumLen]); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.what, got, c.want)
		}
	}
	const whole = "AQIAAAAAAAAABxmnr9HgAAAAA8D91MgG_ty6mHZUMhAAAAAAAAAAAoCAgICAgEDB_dTIBgDW8I8D"
	if token := string(ContextTokensOf(key).Append(nil, Context{Vector: entries})); token != whole {
		t.Errorf("token %s, want %s", token, whole)
	}
}

func TestContext_MangledToken_IsRefused(t *testing.T) {
	token := ContextTokensOf(key).Append(nil, ContextOf(entries, own))
	refused := func(what string, key, token []byte) {
		t.Helper()
		if v, err := parseVector(key, token); !errors.Is(err, ErrBadContext) {
			t.Errorf("%s: %q gives %v, %v", what, token, v, err)
		}
	}
	for i := range token {
		if i > 0 {
			refused("cut short", key, token[:i])
		}
		if i < len(token)-1 {
			refused("first bytes gone", key, token[i+1:])
		}
		m := bytes.Clone(token)
		for c := range 256 {
			if byte(c) != token[i] {
				m[i] = byte(c)
				refused("a byte changed", key, m)
			}
		}
		for _, c := range []byte("\n\r A=") {
			refused("a byte more", key, slices.Insert(bytes.Clone(token), i, c))
		}
	}
	refused("a byte behind", key, append(bytes.Clone(token), 'A'))
	refused("a line end behind", key, append(bytes.Clone(token), '\n'))
	refused("padding", key, append(bytes.Clone(token), '='))
	refused("twice", key, append(bytes.Clone(token), token...))
	refused("another key's", []byte("cart:43"), token)
	refused("the empty key's", nil, token)
	refused("a prefix' key's", []byte("cart:4"), token)
	refused("a word", key, []byte("hello"))
	refused("far too long", key, bytes.Repeat([]byte("A"), 1<<20))
}

// A client can make a sound checksum; what is in such a token must still be
// bounded.
func TestContext_SoundChecksumImpossibleContent_IsRefused(t *testing.T) {
	for name, v := range map[string]Vector{
		"counter 0":         {{Actor{1, 1}, 0, 0}},
		"counter too large": {{Actor{1, 1}, MaxCounter + 1, 0}},
		"out of order":      {{Actor{2, 1}, 1, 0}, {Actor{1, 1}, 1, 0}},
		"an actor twice":    {{Actor{1, 1}, 1, 0}, {Actor{1, 1}, 2, 0}},
	} {
		if got, err := parseVector(key, ContextTokensOf(key).Append(nil, Context{Vector: v})); !errors.Is(err, ErrBadContext) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := parseVector(key, oldToken(key, nil, Dot{Actor{1, 1}, MaxCounter + 1})); !errors.Is(err, ErrBadContext) {
		t.Errorf("own counter too large: %v", err)
	}
}

func TestContext_LongVector_HoldsTheNewest(t *testing.T) {
	var v Vector
	for i := range MaxEntries + 50 {
		v = append(v, Entry{Actor{NodeID(i + 1), ^Epoch(0)}, MaxCounter, TimestampOf(int64(1_763_000_000-i) * 1000)})
	}
	got, err := parseVector(key, ContextTokensOf(key).Append(nil, Context{Vector: v}))
	if err != nil || !slices.Equal(got, v[:MaxEntries]) {
		t.Errorf("%d entries, %v", len(got), err)
	}
	if got, err := parseVector(key, ContextTokensOf(key).Append(nil, Context{Vector: Vector{{Actor{1, 1}, 1, ^Timestamp(0)}}})); err != nil {
		t.Errorf("the last of times: %v, %v", got, err)
	}
}

func FuzzTokens(f *testing.F) {
	f.Add(key, ContextTokensOf(key).Append(nil, Context{Vector: entries}))
	f.Add(key, ContextTokensOf(key).Append(nil, ContextOf(entries, own)))
	f.Add(key, oldToken(key, entries, own))
	f.Add([]byte{}, ContextTokensOf(nil).Append(nil, Context{}))
	f.Add(key, []byte("hello"))
	f.Fuzz(func(t *testing.T, key, token []byte) {
		seen, err := ContextTokensOf(key).Parse(token)
		if err != nil {
			if !errors.Is(err, ErrBadContext) {
				t.Fatal(err)
			}
			return
		}
		again := ContextTokensOf(key).Append(nil, seen)
		if bytes.Equal(again, token) || len(token) == 0 {
			return
		}
		// A token of version 1 with the client's own dot is written in another way.
		raw, _ := tokenEncoding.DecodeString(string(token))
		same, err := ContextTokensOf(key).Parse(again)
		if raw[0] != versionOwn || err != nil || !slices.Equal(same.Vector, seen.Vector) || !slices.Equal(same.Gaps, seen.Gaps) {
			t.Fatalf("parsed %q, made %q, which is %v, %v", token, again, same, err)
		}
	})
}

func parseVector(key, token []byte) (Vector, error) {
	c, err := ContextTokensOf(key).Parse(token)
	return c.Vector, err
}

// oldToken is a token as it was written before there were gaps.
func oldToken(key []byte, v Vector, own Dot) []byte {
	raw := wire.AppendUvarint([]byte{versionOwn}, uint64(len(v)))
	for _, e := range v {
		raw = wire.AppendUint64(wire.AppendUint64(raw, uint64(e.Actor.Node)), uint64(e.Actor.Epoch))
		raw = wire.AppendUvarint(wire.AppendUvarint(raw, uint64(e.Counter)), uint64(e.Time.UnixMilli()/1000))
	}
	raw = own.Append(raw)
	return tokenEncoding.AppendEncode(nil, wire.AppendUint32(raw, ContextTokensOf(key).sum(raw)))
}

func TestIsToken_TellsTokensFromWords(t *testing.T) {
	a := Actor{Node: 1, Epoch: 1}
	for _, c := range []Context{
		{Vector: Vector{{Actor: a, Counter: 1, Time: 5}}},
		{Vector: Vector{{Actor: a, Counter: 3, Time: 5}}, Gaps: Gaps{{Actor: a, From: 1, To: 1}}},
	} {
		token := ContextTokensOf([]byte("key")).Append(nil, c)
		if !IsToken(token) || !IsToken(append(token[:len(token)-1:len(token)-1], '!')) {
			t.Errorf("%s is no token", token)
		}
	}
	for _, word := range []string{"", "a", "AQ", "AgET", "a-word-that-is-rather-long-for-a-field", "Agamemnon!"} {
		if IsToken([]byte(word)) {
			t.Errorf("%q is a token", word)
		}
	}
}

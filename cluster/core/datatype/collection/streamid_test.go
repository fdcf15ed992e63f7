package collection

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// anyID draws an id, often one at an edge.
func anyID(t *rapid.T, label string) StreamID {
	number := rapid.OneOf(rapid.SampledFrom([]uint64{0, 1, math.MaxInt64, math.MaxUint64 - 1, math.MaxUint64}), rapid.Uint64())
	return StreamID{number.Draw(t, label+", millis"), number.Draw(t, label+", sequence")}
}

// Ids sort as numbers do, as their bytes do, and as their neighbours say.
func TestStreamID_Forms_Agree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyID(t, "a"), anyID(t, "b")
		if got := bytes.Compare(a.Append(nil), b.Append(nil)); got != a.Compare(b) || got != -b.Compare(a) {
			t.Fatalf("%v and %v: bytes say %d, numbers %d", a, b, got, a.Compare(b))
		}
		if got, ok := ReadStreamID(a.Append(nil)); !ok || got != a {
			t.Fatalf("%v is read as %v", a, got)
		}
		if got, ok := ParseStreamID([]byte(a.String()), 7); !ok || got != a {
			t.Fatalf("%v is parsed as %v", a, got)
		}
		next, ok := a.Next()
		if ok != (a != MaxStreamID) {
			t.Fatalf("%v has a next one: %v", a, ok)
		}
		if back, had := next.Previous(); ok && (!had || back != a || next.Compare(a) <= 0 || a.Compare(b) < 0 && b.Compare(next) < 0) {
			t.Fatalf("behind %v comes %v, before that %v; %v is between", a, next, back, b)
		}
		if _, ok := (StreamID{}).Previous(); ok {
			t.Fatal("there is an id before the smallest")
		}
	})
}

func TestParseStreamID_AsRedisReadsThem(t *testing.T) {
	for _, c := range []struct {
		text string
		want StreamID
		good bool
	}{
		{"5", StreamID{5, 9}, true},
		{"5-3", StreamID{5, 3}, true},
		{"0-0", StreamID{}, true},
		{"18446744073709551615-18446744073709551615", MaxStreamID, true},
		{"18446744073709551616", StreamID{}, false},
		{"5-18446744073709551616", StreamID{}, false},
		{"", StreamID{}, false},
		{"-", StreamID{}, false},
		{"5-", StreamID{}, false},
		{"-5", StreamID{}, false},
		{"5-3-1", StreamID{}, false},
		{"+5-3", StreamID{}, false},
		{" 5", StreamID{}, false},
		{"5-*", StreamID{}, false},
		{"0x5", StreamID{}, false},
	} {
		if got, ok := ParseStreamID([]byte(c.text), 9); ok != c.good || ok && got != c.want {
			t.Errorf("%q: %v, %v; want %v, %v", c.text, got, ok, c.want, c.good)
		}
	}
}

func FuzzParseStreamID(f *testing.F) {
	f.Add([]byte("1526919030474-55"))
	f.Add([]byte("18446744073709551615"))
	f.Add([]byte("5-"))
	f.Fuzz(func(t *testing.T, text []byte) {
		id, ok := ParseStreamID(text, math.MaxUint64)
		if !ok {
			return
		}
		if again, ok := ParseStreamID([]byte(id.String()), 0); !ok || again != id {
			t.Fatalf("%q is %v, which is read as %v", text, id, again)
		}
	})
}

// At the end of time, and at the end of the numbers of one time.
func TestNewID_Mint_AtTheEdges(t *testing.T) {
	const most = math.MaxUint64
	auto, explicit := NewID{Rule: AutoID}, func(id StreamID) NewID { return NewID{ExplicitID, id} }
	of := func(millis uint64) NewID { return NewID{AutoSequence, StreamID{Millis: millis}} }
	for _, c := range []struct {
		name  string
		asked NewID
		last  StreamID
		now   uint64
		seed  uint64
		want  StreamID
		fails Failure
	}{
		{"the first of all", auto, StreamID{}, 9, 0, StreamID{9, 1}, None},
		{"the first of all, at time 0", auto, StreamID{}, 0, 0, StreamID{0, 1}, None},
		{"the greatest first number", auto, StreamID{8, 5}, 9, mostSequence - 1, StreamID{9, mostSequence}, None},
		{"the smallest step", auto, StreamID{9, 5}, 9, 0, StreamID{9, 6}, None},
		{"the greatest step", auto, StreamID{9, 5}, 9, sequenceStep - 1, StreamID{9, 5 + sequenceStep}, None},
		{"a clock that is behind", auto, StreamID{9, 5}, 3, 0, StreamID{9, 6}, None},
		{"no number left in this time", auto, StreamID{9, most}, 9, 0, StreamID{10, 1}, None},
		{"less than a step left in this time", auto, StreamID{9, most - 1}, 9, 1, StreamID{10, 2}, None},
		{"the last time, with room", auto, StreamID{most, 1}, 9, 0, StreamID{most, 2}, None},
		{"the last time, less than a step left", auto, StreamID{most, most - 1}, 9, 1, StreamID{}, IDsExhausted},
		{"nothing left", auto, MaxStreamID, 9, 0, StreamID{}, IDsExhausted},
		{"a time of the client", of(9), StreamID{8, most}, 5, 4, StreamID{9, 5}, None},
		{"the same time of the client", of(9), StreamID{9, 5}, 5, 4, StreamID{9, 10}, None},
		{"an earlier time of the client", of(8), StreamID{9, 5}, 5, 4, StreamID{}, SmallID},
		{"a full time of the client", of(9), StreamID{9, most}, 5, 4, StreamID{}, SmallID},
		{"a time of the client, nothing left", of(most), MaxStreamID, 5, 4, StreamID{}, IDsExhausted},
		{"0-* of an empty stream", of(0), StreamID{}, 5, 0, StreamID{0, 1}, None},
		{"an id", explicit(StreamID{9, 6}), StreamID{9, 5}, 0, 0, StreamID{9, 6}, None},
		{"the greatest id", explicit(MaxStreamID), StreamID{9, 5}, 0, 0, MaxStreamID, None},
		{"the same id", explicit(StreamID{9, 5}), StreamID{9, 5}, 0, 0, StreamID{}, SmallID},
		{"0-0", explicit(StreamID{}), StreamID{}, 0, 0, StreamID{}, ZeroID},
		{"an id, nothing left", explicit(MaxStreamID), MaxStreamID, 0, 0, StreamID{}, IDsExhausted},
	} {
		got, f := c.asked.mint(c.last, c.now, c.seed)
		if f != c.fails || f == None && got != c.want {
			t.Errorf("%s: %v, failure %d; want %v, failure %d", c.name, got, f, c.want, c.fails)
		}
	}
}

// Two coordinators that have the same stream give different ids in one millisecond.
func TestNewID_Mint_TwoCoordinators_Differ(t *testing.T) {
	for _, last := range []StreamID{{}, {5, 1}, {1 << 40, 7}} {
		for _, rule := range []IDRule{AutoID, AutoSequence} {
			asked := NewID{Rule: rule, ID: StreamID{Millis: max(last.Millis, 9)}}
			a, _ := asked.mint(last, 9, 0x1234567890abcdef)
			b, _ := asked.mint(last, 9, 0xfedcba0987654321)
			if a == b || a.Millis != b.Millis || a.Sequence > math.MaxInt64 {
				t.Errorf("after %v: %v and %v", last, a, b)
			}
		}
	}
}

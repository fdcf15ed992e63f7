package message

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

func TestMessages_AnyItems_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blob := rapid.SliceOfN(rapid.Byte(), 0, 40)
		w := Write{
			Partition: ring.Partition(rapid.Uint16().Draw(t, "partition")),
			Hint:      ring.NodeID(rapid.Uint64().Draw(t, "hint")),
			Key:       blob.Draw(t, "key"), Object: blob.Draw(t, "object"),
		}
		d := wire.NewReader(w.Append(nil))
		if got := ReadWrite(&d); d.Done("") != nil || got.Partition != w.Partition || got.Hint != w.Hint ||
			!bytes.Equal(got.Key, w.Key) || !bytes.Equal(got.Object, w.Object) {
			t.Fatalf("write item %+v came back as %+v", w, got)
		}
		r := Read{
			Partition: w.Partition, Key: w.Key,
			Known: rapid.Bool().Draw(t, "known"), Brief: rapid.Bool().Draw(t, "brief"),
		}
		if r.Known {
			r.Digest = object.Digest(rapid.Uint64().Draw(t, "digest"))
		}
		if r.Part = rapid.Bool().Draw(t, "part"); r.Part {
			for range rapid.IntRange(0, 3).Draw(t, "names") {
				r.Selection.Names = append(r.Selection.Names, object.Name{Kind: object.Kind(rapid.Byte().Draw(t, "kind")), Name: blob.Draw(t, "name")})
			}
		}
		d = wire.NewReader(r.Append(nil))
		if got := ReadRead(&d); d.Done("") != nil || got.Known != r.Known || got.Brief != r.Brief || got.Part != r.Part || got.Digest != r.Digest || !bytes.Equal(got.Key, r.Key) ||
			!slices.EqualFunc(got.Selection.Names, r.Selection.Names, func(a, b object.Name) bool { return a.Compare(b) == 0 }) {
			t.Fatalf("read item %+v came back as %+v", r, got)
		}
	})
}

func TestAnswers_EachOutcome_RoundTrips(t *testing.T) {
	for _, a := range []Answer{
		{Found: Absent}, {Found: Same}, {Found: DigestOnly, Digest: 7},
		{Found: Whole, Object: []byte("object")}, {Found: Failed, Failure: "broken"},
		{Found: Part, Digest: 7, Object: []byte("head"), Rest: object.Rest{Kind: object.Field, Names: 300, Bytes: 70000, Sum: 9}},
		{Found: Part, Digest: 7, Object: []byte("all")},
	} {
		d := wire.NewReader(a.Append(nil))
		if got := ReadAnswer(&d); d.Done("") != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("answer %+v came back as %+v", a, got)
		}
	}
}

func TestForward_AnyItem_RoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blob := rapid.SliceOfN(rapid.Byte(), 1, 40)
		h := ForwardHeader{
			Life: causal.Life(rapid.Uint64Min(1).Draw(t, "life")), Sent: time.Duration(rapid.Int64Min(0).Draw(t, "sent")),
			Low: causal.Timestamp(rapid.Uint64().Draw(t, "low")),
		}
		f := Forward{
			Traced: rapid.Bool().Draw(t, "traced"), R: rapid.IntRange(0, 255).Draw(t, "r"), W: rapid.IntRange(0, 255).Draw(t, "w"),
			Prompt: rapid.Bool().Draw(t, "prompt"), Relayed: rapid.Bool().Draw(t, "relayed"),
			Origin: causal.Origin{Life: h.Life, Stamp: causal.Timestamp(rapid.Uint64().Draw(t, "stamp"))},
			Budget: time.Duration(rapid.Int64Range(0, int64(MaxBudget)).Draw(t, "budget")),
			Key:    blob.Draw(t, "key"), Update: blob.Draw(t, "update"),
		}
		encoded := h.Append(nil)
		if len(encoded) != ForwardHeaderLen {
			t.Fatalf("a header of %d bytes", len(encoded))
		}
		d := wire.NewReader(f.Append(encoded))
		if gotHeader, got := ReadForwardHeader(&d), ReadForward(&d); d.Done("") != nil || gotHeader != h || !reflect.DeepEqual(got, f) {
			t.Fatalf("%+v, %+v came back as %+v, %+v", h, f, gotHeader, got)
		}
	})
	for _, a := range []ForwardAnswer{{Result: []byte("result")}, {Refused: true, Refusal: Refusal{Code: CodeText, Text: "why"}}} {
		d := wire.NewReader(a.Append(nil))
		if got := ReadForwardAnswer(&d); d.Done("") != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("answer %+v came back as %+v", a, got)
		}
	}
}

// An item of one kind, as bytes: read, and written again.
var items = map[string]func(*wire.Reader) []byte{
	"write":          func(r *wire.Reader) []byte { return ReadWrite(r).Append(nil) },
	"read":           func(r *wire.Reader) []byte { return ReadRead(r).Append(nil) },
	"answer":         func(r *wire.Reader) []byte { return ReadAnswer(r).Append(nil) },
	"refusal":        func(r *wire.Reader) []byte { return ReadRefusal(r).Append(nil) },
	"forward header": func(r *wire.Reader) []byte { return ReadForwardHeader(r).Append(nil) },
	"forward":        func(r *wire.Reader) []byte { return ReadForward(r).Append(nil) },
	"forward answer": func(r *wire.Reader) []byte { return ReadForwardAnswer(r).Append(nil) },
	"version":        func(r *wire.Reader) []byte { v := ReadVersion(r); return v.Append(nil) },
}

// Decoding ends on any input and takes nothing from behind it, and what was decoded
// means the same when it is written and read again.
func FuzzItems(f *testing.F) {
	f.Add(Write{Partition: 3, Hint: 9, Key: []byte("k"), Object: []byte("o")}.Append(nil))
	f.Add(Read{Known: true, Key: []byte("k")}.Append(nil))
	f.Add(Answer{Found: Whole, Object: []byte("o")}.Append(nil))
	f.Add(Read{Part: true, Key: []byte("k"), Selection: object.Selection{Names: []object.Name{{Kind: object.Field, Name: []byte("f")}}}}.Append(nil))
	f.Add(Answer{Found: Part, Digest: 7, Object: []byte("o"), Rest: object.Rest{Kind: object.Field, Names: 2, Bytes: 90, Sum: 9}}.Append(nil))
	f.Add(Refusal{Code: CodeText, Text: "why"}.Append(nil))
	f.Add(Forward{Traced: true, R: 1, Key: []byte("k"), Update: []byte("u")}.Append(nil))
	f.Add(ForwardAnswer{Refused: true, Refusal: Refusal{Code: CodeNoQuorum, Needed: 2}}.Append(nil))
	f.Add((&Version{Dot: dotOf(1, 1), Past: causal.ContextOf(pastOf(dotOf(2, 2)).Vector, dotOf(3, 3)), Data: []byte("v")}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		for kind, again := range items {
			r := wire.NewReader(b)
			first := again(&r)
			if r.Failed() {
				continue
			}
			r = wire.NewReader(first)
			if second := again(&r); r.Done(kind) != nil || !bytes.Equal(first, second) {
				t.Errorf("%s: %x was written again as %x, then as %x", kind, b, first, second)
			}
		}
	})
}

// FuzzAnswers decodes the answers that are lists.
func FuzzAnswers(f *testing.F) {
	f.Add(Refusal{Code: CodeText, Text: "why"}.Append([]byte{1}))
	f.Add(Versions{List: []Version{{Dot: dotOf(1, 1), Past: pastOf(dotOf(2, 2)), Data: []byte("value"), Length: 5}}}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if refused, err := DecodeRefusals(b, 4); err == nil {
			for _, i := range refused {
				if i.Item >= 4 {
					t.Errorf("item %d of 4 refused", i.Item)
				}
			}
		}
		if l, err := DecodeVersions(b); err == nil {
			again, err := DecodeVersions(l.Append(nil))
			if err != nil || !bytes.Equal(again.Append(nil), l.Append(nil)) {
				t.Errorf("%+v came back as %+v, %v", l, again, err)
			}
		}
	})
}

// Nodes of different versions exchange these bytes: they must not change.
func TestBodies_Golden(t *testing.T) {
	for want, got := range map[string][]byte{
		"000000010003010000000000000009016b016f": Write{Partition: 3, Hint: 9, Key: []byte("k"), Object: []byte("o")}.Append(AppendCount(nil, 1)),
		"000300016b016f":                         Write{Partition: 3, Key: []byte("k"), Object: []byte("o")}.Append(nil),
		"000300016b":                             Read{Partition: 3, Key: []byte("k")}.Append(nil),
		"0003030000000000000007016b":             Read{Partition: 3, Known: true, Brief: true, Digest: 7, Key: []byte("k")}.Append(nil),
		"000304016b00":                           Read{Partition: 3, Part: true, Key: []byte("k")}.Append(nil),
		"0003050000000000000007016b0202016603016d": Read{Partition: 3, Known: true, Part: true, Digest: 7, Key: []byte("k"), Selection: object.Selection{
			Names: []object.Name{{Kind: object.Field, Name: []byte("f")}, {Kind: object.Member, Name: []byte("m")}},
		}}.Append(nil),
		"0500000000000000070202c8010000000000000009016f": Answer{Found: Part, Digest: 7, Object: []byte("o"), Rest: object.Rest{Kind: object.Field, Names: 2, Bytes: 200, Sum: 9}}.Append(nil),
		"00":                                   Answer{Found: Absent}.Append(nil),
		"01":                                   Answer{Found: Same}.Append(nil),
		"020000000000000007":                   Answer{Found: DigestOnly, Digest: 7}.Append(nil),
		"03016f":                               Answer{Found: Whole, Object: []byte("o")}.Append(nil),
		"0403776879":                           Answer{Found: Failed, Failure: "why"}.Append(nil),
		"fe010301":                             Refusal{Code: CodeNoQuorum, Side: 1, Needed: 3, Got: 1}.Append(nil),
		"ff03776879":                           Refusal{Code: CodeText, Text: "why"}.Append(nil),
		"04":                                   Refusal{Code: 4}.Append(nil),
		"00000002000300016b016f000400016c0170": Write{Partition: 4, Key: []byte("l"), Object: []byte("p")}.Append(Write{Partition: 3, Key: []byte("k"), Object: []byte("o")}.Append(AppendCount(nil, 2))),
		"0000000000000001000000000000000200000001010203016b0175": Forward{Traced: true, R: 2, W: 3, Key: []byte("k"), Update: []byte("u")}.Append(AppendCount(ForwardHeader{StartBy: 1, Stamp: 2}.Append(nil), 1)),
		"80000000000000030000000000000002000000000000000500000001070203000000000000000200000000000000060a016b0175": Forward{
			Traced: true, Relayed: true, R: 2, W: 3, Origin: causal.Origin{Life: 2, Stamp: 6}, Budget: 10, Key: []byte("k"), Update: []byte("u"),
		}.Append(AppendCount(ForwardHeader{Life: 2, Sent: 3, Low: 5}.Append(nil), 1)),
		"000172": ForwardAnswer{Result: []byte("r")}.Append(nil),
		"0104":   ForwardAnswer{Refused: true, Refusal: Refusal{Code: 4}}.Append(nil),
		"010000000101000000000000000100000000000000010000000000000001000000000000000700000000000000000001017605": Versions{Complete: true, List: []Version{{Dot: dotOf(1, 1), Time: 7, Tombstone: true, Length: 5, Data: []byte("v")}}}.Append(nil),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("%x, want %s", got, want)
		}
	}
	// An older node writes the own last event of a version's writer by itself.
	old, _ := hex.DecodeString("010000000103000000000000000100000000000000010000000000000001000000000000000200000000000000010000000000000002000000000000000700000000000000000001017605")
	got, err := DecodeVersions(old)
	if err != nil || len(got.List) != 1 || !got.List[0].Saw(dotOf(2, 2)) || got.List[0].Saw(dotOf(2, 1)) {
		t.Errorf("of an older node: %+v, %v", got, err)
	}
}

package message

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"

	"pgregory.net/rapid"

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
		d = wire.NewReader(r.Append(nil))
		if got := ReadRead(&d); d.Done("") != nil || got.Known != r.Known || got.Brief != r.Brief || got.Digest != r.Digest || !bytes.Equal(got.Key, r.Key) {
			t.Fatalf("read item %+v came back as %+v", r, got)
		}
	})
}

func TestAnswers_EachOutcome_RoundTrips(t *testing.T) {
	for _, a := range []Answer{
		{Found: Absent}, {Found: Same}, {Found: DigestOnly, Digest: 7},
		{Found: Whole, Object: []byte("object")}, {Found: Failed, Failure: "broken"},
	} {
		d := wire.NewReader(a.Append(nil))
		if got := ReadAnswer(&d); d.Done("") != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("answer %+v came back as %+v", a, got)
		}
	}
}

func FuzzBodies(f *testing.F) {
	f.Add(Write{Partition: 3, Hint: 9, Key: []byte("k"), Object: []byte("o")}.Append(AppendCount(nil, 1)))
	f.Add(Read{Known: true, Key: []byte("k")}.Append(AppendCount(nil, 1)))
	f.Add(Refusal{Code: CodeText, Text: "why"}.Append(AppendCount(nil, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		// Decoding ends on any input, and yields no more than it was given.
		for _, item := range []func(*wire.Reader) int{
			func(r *wire.Reader) int { w := ReadWrite(r); return len(w.Key) + len(w.Object) },
			func(r *wire.Reader) int { return len(ReadRead(r).Key) },
			func(r *wire.Reader) int { return len(ReadAnswer(r).Object) },
			func(r *wire.Reader) int { return len(ReadRefusal(r).Text) },
		} {
			r := wire.NewReader(b)
			total := 0
			for range ReadCount(&r) {
				if total += item(&r); r.Failed() {
					break
				}
			}
			if total > len(b) {
				t.Fatalf("%d bytes decoded out of %d", total, len(b))
			}
		}
		if refused, err := DecodeRefusals(b, 4); err == nil {
			for _, i := range refused {
				if i >= 4 {
					t.Fatalf("item %d of 4 refused", i)
				}
			}
		}
	})
}

// Nodes of different versions exchange these bytes: they must not change.
func TestBodies_Golden(t *testing.T) {
	for want, got := range map[string][]byte{
		"000000010003010000000000000009016b016f": Write{Partition: 3, Hint: 9, Key: []byte("k"), Object: []byte("o")}.Append(AppendCount(nil, 1)),
		"000300016b016f":                         Write{Partition: 3, Key: []byte("k"), Object: []byte("o")}.Append(nil),
		"0003030000000000000007016b":             Read{Partition: 3, Known: true, Brief: true, Digest: 7, Key: []byte("k")}.Append(nil),
		"00":                                     Answer{Found: Absent}.Append(nil),
		"01":                                     Answer{Found: Same}.Append(nil),
		"020000000000000007":                     Answer{Found: DigestOnly, Digest: 7}.Append(nil),
		"03016f":                                 Answer{Found: Whole, Object: []byte("o")}.Append(nil),
		"0403776879":                             Answer{Found: Failed, Failure: "why"}.Append(nil),
		"fe010301":                               Refusal{Code: CodeNoQuorum, Side: 1, Needed: 3, Got: 1}.Append(nil),
		"ff03776879":                             Refusal{Code: CodeText, Text: "why"}.Append(nil),
		"04":                                     Refusal{Code: 4}.Append(nil),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("%x, want %s", got, want)
		}
	}
}

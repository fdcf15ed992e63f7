package replica

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

func TestMessages_AnyItems_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blob := rapid.SliceOfN(rapid.Byte(), 0, 40)
		w := writeItem{
			partition: ring.Partition(rapid.Uint16().Draw(t, "partition")),
			hint:      ring.NodeID(rapid.Uint64().Draw(t, "hint")),
			key:       blob.Draw(t, "key"), object: blob.Draw(t, "object"),
		}
		d := decoder{rest: appendWriteItem(nil, w)}
		if got := d.writeItem(); d.done("") != nil || got.partition != w.partition || got.hint != w.hint ||
			!bytes.Equal(got.key, w.key) || !bytes.Equal(got.object, w.object) {
			t.Fatalf("write item %+v came back as %+v", w, got)
		}
		r := readItem{
			partition: w.partition, key: w.key,
			known: rapid.Bool().Draw(t, "known"), brief: rapid.Bool().Draw(t, "brief"),
		}
		if r.known {
			r.digest = object.Digest(rapid.Uint64().Draw(t, "digest"))
		}
		d = decoder{rest: appendReadItem(nil, r)}
		if got := d.readItem(); d.done("") != nil || got.known != r.known || got.brief != r.brief || got.digest != r.digest || !bytes.Equal(got.key, r.key) {
			t.Fatalf("read item %+v came back as %+v", r, got)
		}
	})
}

func TestAnswers_EachOutcome_RoundTrips(t *testing.T) {
	for _, a := range []answer{
		{outcome: outcomeAbsent}, {outcome: outcomeSame}, {outcome: outcomeDigest, digest: 7},
		{outcome: outcomeObject, object: []byte("object")}, {outcome: outcomeFailed, failure: "broken"},
	} {
		d := decoder{rest: appendAnswer(nil, a)}
		if got := d.answer(); d.done("") != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("answer %+v came back as %+v", a, got)
		}
	}
}

func TestRefusals_KeepTheirMeaning(t *testing.T) {
	for _, want := range refusals {
		d := decoder{rest: appendRefusal(nil, want)}
		if got := d.refusal(); d.done("") != nil || !errors.Is(got, want) {
			t.Errorf("%v came back as %v", want, got)
		}
	}
	d := decoder{rest: appendRefusal(nil, &NoQuorumError{Op: OpWrite, Needed: 3, Got: 1})}
	var quorum *NoQuorumError
	if got := d.refusal(); !errors.As(got, &quorum) || *quorum != (NoQuorumError{Op: OpWrite, Needed: 3, Got: 1}) {
		t.Errorf("a NoQuorumError came back as %v", got)
	}
	d = decoder{rest: appendRefusal(nil, errors.New("anything"))}
	if got := d.refusal(); got == nil || got.Error() != "anything" {
		t.Errorf("a text came back as %v", got)
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add(appendWriteItem(AppendCount(nil, 1), writeItem{partition: 3, hint: 9, key: []byte("k"), object: []byte("o")}))
	f.Add(appendReadItem(AppendCount(nil, 1), readItem{known: true, key: []byte("k")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		// Whatever comes, decoding ends, and yields no more than it was given.
		for _, item := range []func(*decoder) int{
			func(d *decoder) int { it := d.writeItem(); return len(it.key) + len(it.object) },
			func(d *decoder) int { return len(d.readItem().key) },
			func(d *decoder) int { return len(d.answer().object) },
			func(d *decoder) int { _ = d.refusal(); return 0 },
		} {
			d := decoder{rest: b}
			total := 0
			for range d.count() {
				if total += item(&d); d.bad {
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

func TestWaves_Split_CutsWhereOrderNeedsIt(t *testing.T) {
	get := func(k string) *Request { return &Request{Key: []byte(k)} }
	with := func(k string, u register.Update) *Request { return &Request{Key: []byte(k), Update: &u} }
	set := func(k string) *Request { return with(k, register.Update{Kind: register.Set}) }
	incr := func(k string) *Request { return with(k, register.Update{Kind: register.Increment, Amount: 1}) }
	del := func(k string) *Request { return with(k, register.Update{Kind: register.Delete}) }
	for name, c := range map[string]struct {
		reqs   []*Request
		want   int
		groups []int
	}{
		"different keys":          {[]*Request{set("a"), get("b"), incr("c")}, 3, []int{0, 1, 2}},
		"writes to one key":       {[]*Request{set("a"), set("b"), set("a")}, 3, []int{0, 1, 0}},
		"reads of one key":        {[]*Request{get("a"), get("a")}, 2, []int{0, 0}},
		"read after write":        {[]*Request{set("a"), set("b"), get("a")}, 2, []int{0, 1}},
		"write after read":        {[]*Request{get("a"), set("a")}, 1, []int{0}},
		"blind after computing":   {[]*Request{incr("a"), set("a")}, 1, []int{0}},
		"other coordinator":       {[]*Request{del("a"), incr("a")}, 1, []int{0}},
		"increments share a wave": {[]*Request{incr("a"), incr("a"), incr("a")}, 3, []int{0, 0, 0}},
	} {
		w := &waves{first: make(map[uint64]int)}
		if got := w.split(c.reqs); got != c.want || !reflect.DeepEqual(w.groups, c.groups) {
			t.Errorf("%s: %d in the wave with groups %v, want %d with %v", name, got, w.groups, c.want, c.groups)
		}
	}
}

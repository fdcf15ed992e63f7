package collection

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// anyCommand draws a command of any op.
func anyCommand(t *rapid.T) Command {
	c := Command{
		Flags: Flags(rapid.Uint16().Draw(t, "flags")) & allFlags, Number: rapid.Int64().Draw(t, "number"),
		Limit: rapid.Int64().Draw(t, "limit"), Seed: rapid.Uint64().Draw(t, "seed"), Args: [][]byte{},
	}
	for opOf(c.Op) == nil {
		c.Op = Op(rapid.IntRange(1, len(operations)-1).Draw(t, "op"))
	}
	op := opOf(c.Op)
	for range op.least + op.step*rapid.IntRange(0, 3).Draw(t, "more") {
		c.Args = append(c.Args, rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "argument"))
	}
	drawScores(t, &c)
	drawEntries(t, &c)
	return c
}

// drawEntries gives the arguments of a command on streams the form that its op says.
func drawEntries(t *rapid.T, c *Command) {
	id := func() []byte {
		return StreamID{rapid.Uint64().Draw(t, "millis"), rapid.Uint64().Draw(t, "sequence")}.Append(nil)
	}
	fields, trim := AppendFields(nil, [][]byte{{'f'}, {'v'}}), Trim{ByID: rapid.Bool().Draw(t, "by id"), Limit: rapid.Int64Min(0).Draw(t, "limit")}.Append(nil)
	switch c.Op {
	case StreamAdd:
		c.Args = [][]byte{append([]byte{byte(ExplicitID)}, id()...), fields, trim}
	case StreamTrim:
		c.Args = [][]byte{trim}
	case StreamSetID:
		c.Args = [][]byte{id(), id(), []byte("-1")}
	case StreamDelete:
		for i := range c.Args {
			c.Args[i] = id()
		}
	case StreamStore:
		for i := 0; i < len(c.Args); i += 2 {
			c.Args[i], c.Args[i+1] = id(), fields
		}
	}
}

func TestCommand_Codec_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCommand(t)
		b := c.Append([]byte("x"))[1:]
		got, err := Decode(b)
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Fatalf("%v:\n%+v, want\n%+v", err, got, c)
		}
		for i := range b {
			if _, err := Decode(b[:i]); !errors.Is(err, wire.ErrCorrupt) {
				t.Fatalf("cut at %d: %v", i, err)
			}
		}
		if _, err := Decode(append(bytes.Clone(b), 0)); !errors.Is(err, wire.ErrCorrupt) {
			t.Fatalf("a byte more: %v", err)
		}
	})
}

func TestAnswer_Codec_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Answer{
			Failure: Failure(rapid.IntRange(0, int(failures)-1).Draw(t, "failure")), None: rapid.Bool().Draw(t, "none"),
			Number: rapid.Int64().Draw(t, "number"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "values") {
			a.Values = append(a.Values, rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "value"))
			a.Numbers = append(a.Numbers, rapid.Int64().Draw(t, "one"))
		}
		b := a.Append(nil)
		got, err := DecodeAnswer(b)
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Fatalf("%v:\n%+v, want\n%+v", err, got, a)
		}
		for i := range b {
			if _, err := DecodeAnswer(b[:i]); !errors.Is(err, wire.ErrCorrupt) {
				t.Fatalf("cut at %d: %v", i, err)
			}
		}
	})
}

// Commands travel between nodes of different builds.
func TestCommand_Golden(t *testing.T) {
	c := Command{Op: HashSet, Flags: IfAbsent, Number: -1, Limit: 2, Seed: 3, Args: [][]byte{[]byte("f"), []byte("v")}}
	const want = "01" + "01" + "0001" + "01" + "04" + "0000000000000003" + "02" + "0166" + "0176"
	if got := hex.EncodeToString(c.Append(nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	a := Answer{Failure: NotInteger, None: true, Number: 5, Values: [][]byte{[]byte("v")}, Numbers: []int64{-1}}
	const wantAnswer = "01" + "01" + "0a" + "01" + "0176" + "01" + "01"
	if got := hex.EncodeToString(a.Append(nil)); got != wantAnswer {
		t.Errorf("%s, want %s", got, wantAnswer)
	}
}

func FuzzDecode(f *testing.F) {
	for op := Op(1); int(op) < len(operations); op++ {
		if row := opOf(op); row != nil {
			c := Command{Op: op, Args: make([][]byte, row.least+row.step)}
			f.Add(c.Append(nil))
		}
	}
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Decode(b)
		if err != nil {
			if !errors.Is(err, wire.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if again, err := Decode(c.Append(nil)); err != nil || !reflect.DeepEqual(again, c) {
			t.Fatalf("%v: %+v, was %+v", err, again, c)
		}
		// Whatever it says, it can be applied.
		e := object.Element{Kind: c.Kind(), Name: []byte("a"), Data: []byte("17"), Dot: causal.Dot{Counter: 1}}
		c.Apply(View{&e})
		c.Apply(nil)
	})
}

func FuzzDecodeAnswer(f *testing.F) {
	f.Add((&Answer{Number: 5, Values: [][]byte{[]byte("v")}, Numbers: []int64{1}}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := DecodeAnswer(b)
		if err != nil {
			return
		}
		if again, err := DecodeAnswer(a.Append(nil)); err != nil || !reflect.DeepEqual(again, a) {
			t.Fatalf("%v: %+v, was %+v", err, again, a)
		}
	})
}

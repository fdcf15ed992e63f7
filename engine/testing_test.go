package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

const testNode = causal.NodeID(0xa11ce)

// testClock is a wall clock that tests move.
type testClock struct{ at time.Time }

func (c *testClock) now() time.Time          { return c.at }
func (c *testClock) advance(d time.Duration) { c.at = c.at.Add(d) }
func newTestClock() *testClock               { return &testClock{at: time.UnixMilli(1_800_000_000_000)} }

func testOptions(fs vfs.FS) Options {
	return Options{
		Dir: "data", FS: fs, Partitions: 16, Self: testNode, Name: "A",
		CacheBytes: 8 << 20, MemtableBytes: 4 << 20,
	}
}

func open(tb testing.TB, o Options) *Store {
	tb.Helper()
	s, err := Open(o)
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func openMem(tb testing.TB) *Store { return open(tb, testOptions(vfs.NewMem())) }

// put is a plain SET at a coordinator: it replaces what is known.
type put struct {
	s     *Store
	ctx   causal.Vector
	blind bool // ctx as given, instead of the object's own clock
	value object.Value
	at    causal.Timestamp
	dot   causal.Dot // result
}

func (e *put) Edit(current *object.Object, mint *Minter) (object.Object, bool, error) {
	ctx := current.Context()
	if e.blind {
		ctx = causal.Context{Vector: e.ctx}
	}
	e.dot = mint.Dot(ctx.Vector)
	at := e.at
	if at == 0 {
		at = causal.TimestampOf(e.s.db.now())
	}
	return object.Put(*current, ctx, e.dot, max(at, current.Clock.Latest()+1), e.value), true, nil
}

func data(v string) object.Value { return object.Value{Data: []byte(v)} }

// write applies one edit and waits for it.
func write(tb testing.TB, s *Store, p ring.Partition, key string, v object.Value) *Record {
	tb.Helper()
	r := &Record{Partition: p, Key: []byte(key), Edit: &put{s: s, value: v}}
	apply(tb, s, r)
	return r
}

func apply(tb testing.TB, s *Store, recs ...*Record) {
	tb.Helper()
	c, err := s.Apply(recs)
	if err == nil {
		err = c.Wait()
	}
	if err != nil {
		tb.Fatalf("apply: %v", err)
	}
	for _, r := range recs {
		if r.Err != nil {
			tb.Fatalf("apply %q: %v", r.Key, r.Err)
		}
	}
}

// read returns the values of a key, by dot.
func read(tb testing.TB, s *Store, p ring.Partition, key string) (values []string) {
	tb.Helper()
	raw, ok, err := s.Get(p, []byte(key), nil)
	if err != nil {
		tb.Fatalf("get %q: %v", key, err)
	}
	if !ok {
		return nil
	}
	o, err := object.Decode(raw)
	if err != nil {
		tb.Fatalf("decode %q: %v", key, err)
	}
	for _, sib := range o.Siblings {
		if sib.Tombstone {
			values = append(values, "†")
		} else {
			values = append(values, string(sib.Data))
		}
	}
	return values
}

func wantValues(tb testing.TB, s *Store, p ring.Partition, key string, want ...string) {
	tb.Helper()
	if got := read(tb, s, p, key); fmt.Sprint(got) != fmt.Sprint(want) {
		tb.Fatalf("%q holds %q, want %q", key, got, want)
	}
}

// foreign encodes an object written by another node.
func foreign(node causal.NodeID, counter causal.Counter, at causal.Timestamp, v object.Value) []byte {
	o := object.Put(object.Object{}, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 1}, Counter: counter}, at, v)
	return o.Append(nil)
}

// dropPartition drops a partition whatever it holds.
func dropPartition(s *Store, p ring.Partition) error {
	_, err := s.partitions.drop(p, func() bool { return true })
	return err
}

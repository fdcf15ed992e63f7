package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestStore_CorruptBlock_RefusesWritesAndReadsTheRest(t *testing.T) {
	mem := vfs.NewMem()
	o := testOptions(mem)
	s := open(t, o)
	value := data(strings.Repeat("v", 500))
	for i := range 200 {
		write(t, s, 0, fmt.Sprint(i), value)
		write(t, s, 9, fmt.Sprint(i), value)
	}
	if err := s.db.pebble.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := mem.List(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			b, err := mem.UnsafeGetFileDataBuffer(mem.PathJoin(o.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			b[100] ^= 0xff // in the first data block
		}
	}
	s = open(t, o)
	corrupt, read := 0, 0
	for p := range ring.Partition(10) {
		for i := range 200 {
			_, ok, err := s.Get(p, fmt.Append(nil, i), nil)
			switch {
			case errors.Is(err, ErrCorrupt):
				corrupt++
			case err != nil:
				t.Fatal(err)
			case ok:
				read++
			}
		}
	}
	if corrupt == 0 || read == 0 {
		t.Fatalf("%d reads met corruption, %d did not", corrupt, read)
	}
	_, err = s.Apply([]*Record{{Key: []byte("k"), Merge: foreign(7, 1, 1, value)}})
	if !errors.Is(err, ErrCorrupt) || !errors.Is(err, ErrReadOnly) {
		t.Fatalf("a write to a corrupt store: %v", err)
	}
	if !errors.Is(s.Health(), ErrCorrupt) {
		t.Fatalf("health: %v", s.Health())
	}
}

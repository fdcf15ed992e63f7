package engine

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestStore_Reopen_KeepsObjects(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, testOptions(fs))
	write(t, s, 3, "k", data("v"))
	wantValues(t, s, 3, "k", "v")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, testOptions(fs))
	wantValues(t, s, 3, "k", "v")
	if live, total := s.Keys(3); live != 1 || total != 1 {
		t.Fatalf("keys: %d live of %d, want 1 of 1", live, total)
	}
}

package server

import (
	"errors"
	"strings"
	"testing"
)

// What changes the whole cluster goes first, so that a change which cannot be saved
// leaves the settings of this node as they were.
func TestConfigSet_PolicyNotSaved_IsAnErrorAndChangesNothing(t *testing.T) {
	store := newFake(t)
	c := dial(t, serve(t, Config{}, store).Addr().String())
	full := errors.New("disk full")
	store.unsaved.Store(&full)
	reply := c.do("CONFIG", "SET", "timeout", "7", "conflict-resolution", "error")
	if !strings.HasPrefix(reply, "-ERR CONFIG SET failed (possibly related to argument 'conflict-resolution') - disk full") {
		t.Errorf("%q", reply)
	}
	if got := render(c.do("CONFIG", "GET", "timeout", "conflict-resolution")); got != "*4 $19 conflict-resolution $3 lww $7 timeout $1 0" {
		t.Error(got)
	}
	store.unsaved.Store(nil)
	if reply := c.do("CONFIG", "SET", "timeout", "7", "conflict-resolution", "error"); reply != "+OK\r\n" {
		t.Errorf("%q", reply)
	}
	if got := render(c.do("CONFIG", "GET", "timeout", "conflict-resolution")); got != "*4 $19 conflict-resolution $5 error $7 timeout $1 7" {
		t.Error(got)
	}
}

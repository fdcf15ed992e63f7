package listcmd

import (
	"context"
	"testing"
)

func TestTurns_OneAtATime(t *testing.T) {
	turns := newTurns()
	end, err := turns.take(t.Context(), []byte("list"))
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.take(gone, []byte("list")); err == nil {
		t.Fatal("a second turn while the first one lasts")
	}
	end()
	if end, err = turns.take(t.Context(), []byte("list")); err != nil {
		t.Fatal(err)
	}
	end()
}

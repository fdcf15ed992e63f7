package engine

import (
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
)

// The pool keeps no value alive, also where a record before the last one had more siblings
// than the last.
func TestTxn_Release_KeepsNoValueAlive(t *testing.T) {
	txn := openMem(t).writer.newTxn()
	rooms := [][]object.Sibling{make([]object.Sibling, 2), make([]object.Sibling, 2)}
	for _, room := range rooms {
		room[0].Data, room[1].Data = []byte("first"), []byte("second")
	}
	txn.old.Siblings, txn.in.Siblings = rooms[0][:1], rooms[1][:1]
	txn.release()
	for _, room := range rooms {
		for i := range room {
			if room[i].Data != nil {
				t.Errorf("sibling %d still has the value %q", i, room[i].Data)
			}
		}
	}
}

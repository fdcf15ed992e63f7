package replica

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
)

// change is a request that changes the elements of a key.
func change(key []byte, op collection.Op, args ...string) *Request {
	c := collection.Command{Op: op}
	for _, arg := range args {
		c.Args = append(c.Args, []byte(arg))
	}
	return &Request{Key: key, Update: &register.Update{Kind: register.ChangeElements, Data: c.Append(nil)}}
}

// A collection is one record, which must fit into a frame to a peer, or its replicas could not
// agree any more. What does not make a large one larger is not refused.
func TestChangeElements_CollectionIsFull_RefusesWhatAdds(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.setBound(1000)
	value := strings.Repeat("v", 300)
	for _, field := range []string{"a", "b"} {
		w.at(3).must(change(w.key, collection.HashSet, field, value))
	}
	for place := range 4 {
		r := change(w.key, collection.HashSet, "c", value)
		if err := w.at(place).fails(r); !strings.Contains(fmt.Sprint(err), ErrTooLarge.Error()) {
			t.Errorf("through place %d a third field is answered %v, want %v", place, err, ErrTooLarge)
		}
	}
	if err := w.at(0).fails(change(w.key, collection.HashSet, "c", value)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("the coordinator answers %v, want %v", err, ErrTooLarge)
	}
	w.setBound(100) // as after a merge of the two sides of a split
	w.at(1).must(change(w.key, collection.HashDelete, "a"))
	w.at(1).must(change(w.key, collection.HashSet, "b", "short"))
	if got := w.at(2).must(get(w.key)).Object.Elements; len(got) != 1 || string(got[0].Name) != "b" || string(got[0].Data) != "short" {
		t.Errorf("left are %+v", got)
	}
}

// setBound bounds the bytes of a collection at all nodes.
func (w *world) setBound(bytes int64) {
	for _, n := range w.nodes {
		n.coordinator.cfg.CollectionBytes = bytes
	}
}

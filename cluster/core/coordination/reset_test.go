package coordination

import (
	"reflect"
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
)

// TestRead_Reset_KeepsMemoryAlone names no fields in its literal, so that it does not
// compile when a field is added that it leaves out.
func TestRead_Reset_KeepsMemoryAlone(t *testing.T) {
	var tally quorum.Tally
	tally.Start(2)
	found := []finding{{place: 1, encoded: []byte("object")}}
	m := Read{Replicas{Walk: 3, Primaries: 3}, tally, quorum.FirstNodes(2), true, true, 1, []byte("key"), []byte("own"), true, object.Rest{Names: 1}, 7, found}
	m.Reset()
	if want := (Read{found: []finding{}}); !reflect.DeepEqual(m, want) || cap(m.found) != 1 {
		t.Errorf("after Reset it is %+v with room for %d answers, want %+v and room for 1", m, cap(m.found), want)
	}
	if found[0].encoded != nil {
		t.Errorf("the memory for the next use still has the object %q", found[0].encoded)
	}
}

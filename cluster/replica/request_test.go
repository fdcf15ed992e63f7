package replica

import (
	"errors"
	"reflect"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

func TestNoQuorumError_Text_CountsReplicas(t *testing.T) {
	for e, want := range map[NoQuorumError]string{
		{Op: OpRead, Needed: 1}:          "read needs 1 replica, 0 answered in time",
		{Op: OpWrite, Needed: 2, Got: 1}: "write needs 2 replicas, 1 answered in time; the write may still take effect",
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestRequest_Reset_KeepsMemoryAlone names no fields in its literal, so that it does not
// compile when a field is added that it leaves out.
func TestRequest_Reset_KeepsMemoryAlone(t *testing.T) {
	sibling := object.Sibling{Value: object.Value{Data: []byte("value")}}
	kept := memory{local: make([]byte, 3), object: object.Object{Siblings: []object.Sibling{sibling}}}
	r := Request{
		[]byte("key"), &register.Update{}, object.Selection{Names: []object.Name{{Kind: object.Field}}}, true, 1, 2, &Trace{},
		object.Object{Siblings: []object.Sibling{sibling}}, register.Result{Applied: true}, errors.New("refused"),
		issue{origin: causal.Origin{Life: 1}}, kept,
	}
	r.Reset()
	if want := (Request{kept: kept}); !reflect.DeepEqual(r, want) {
		t.Errorf("after Reset it is\n%+v, want\n%+v", r, want)
	}
	if left := kept.object.Siblings[0]; left.Data != nil {
		t.Errorf("the memory for the next use still has the value %q", left.Data)
	}
	r.kept.local = make([]byte, mostKept+1)
	if r.Reset(); r.kept.local != nil {
		t.Errorf("it keeps %d bytes, want none above %d", len(r.kept.local), mostKept)
	}
}

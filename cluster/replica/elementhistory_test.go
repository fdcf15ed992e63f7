package replica

import (
	"encoding/binary"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

func TestHistoryOf_ShowsNamesAndValues_AndOfListsItems(t *testing.T) {
	var current object.Object
	current.BecomeEdited(object.Object{}, &object.Edit{
		Dot: causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}, Time: 1,
		Changes: []object.Change{{Kind: object.Item, Name: []byte("\x80"), Data: []byte("old")}},
	})
	id := collection.StreamID{Millis: 5, Sequence: 1}
	for _, c := range []struct {
		change object.Change
		want   string
	}{
		{object.Change{Kind: object.Field, Name: []byte("f"), Data: []byte("v")}, "+f=v"},
		{object.Change{Kind: object.Field, Name: []byte("f"), Remove: true}, "-f"},
		{object.Change{Kind: object.Member, Name: []byte("m")}, "+m"},
		{object.Change{Kind: object.Item, Name: []byte("\x80"), Data: []byte("new")}, "+new"},
		{object.Change{Kind: object.Item, Name: []byte("\x80"), Remove: true}, "-old"},
		{object.Change{Kind: object.Item, Name: []byte("\x90"), Remove: true}, "-"},
		{object.Change{Kind: object.Entry, Name: id.Append(nil), Data: collection.AppendFields(nil, [][]byte{[]byte("f"), []byte("v")})}, "+5-1=f v"},
		{object.Change{Kind: object.Entry, Name: id.Append(nil), Remove: true}, "-5-1"},
		{object.Change{Kind: object.Entry, Name: binary.BigEndian.AppendUint64(id.Append(id.Append(nil)), 3)}, "+last id 5-1=deleted up to 5-1, 3 gone"},
		{object.Change{Kind: object.Entry, Name: binary.BigEndian.AppendUint64(id.Append(id.Append(nil)), 3), Remove: true}, "-last id 5-1"},
	} {
		if got := historyOf(&current, &object.Edit{Changes: []object.Change{c.change}}); string(got.Data) != c.want {
			t.Errorf("%+v is shown as %q, want %q", c.change, got.Data, c.want)
		}
	}
}

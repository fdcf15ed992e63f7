package replica

import (
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

func TestHistoryOf_ShowsNamesAndValues_AndOfListsItems(t *testing.T) {
	var current object.Object
	current.BecomeEdited(object.Object{}, &object.Edit{
		Dot: causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}, Time: 1,
		Changes: []object.Change{{Kind: object.Item, Name: []byte("\x80"), Data: []byte("old")}},
	})
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
	} {
		if got := historyOf(&current, &object.Edit{Changes: []object.Change{c.change}}); string(got.Data) != c.want {
			t.Errorf("%+v is shown as %q, want %q", c.change, got.Data, c.want)
		}
	}
}

package admin

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

func TestListElements_OfAHash_WithConcurrentFields(t *testing.T) {
	a, b := causal.Actor{Node: 1, Epoch: 1}, causal.Actor{Node: 2, Epoch: 1}
	field := func(value string, by causal.Actor, at int64, more ...object.Change) object.Object {
		var o object.Object
		o.BecomeEdited(object.Object{}, &object.Edit{
			Dot: causal.Dot{Actor: by, Counter: 1}, Time: causal.TimestampOf(at), Now: at,
			Changes: append(more, object.Change{Kind: object.Field, Name: []byte("f"), Data: []byte(value)}),
		})
		return o
	}
	stored, _ := object.Merge(field("old", a, 1000), field("new", b, 1001, object.Change{Kind: object.KeyExpiry, Expiry: 5000}))
	shown, err := register.Choose(&stored, register.LWW, 2000)
	if err != nil {
		t.Fatal(err)
	}
	found := api.ReadAnswer{Found: true}
	names := newActors(ring.NewRing(ring.NewState("test", 16, ring.Quorums{N: 1, R: 1, W: 1}, ring.Member{ID: 1, Name: "A"}, ring.Member{ID: 2, Name: "B"})))
	names.seeDot(causal.Dot{Actor: a})
	names.seeDot(causal.Dot{Actor: b})
	listElements(&found, &stored, shown, 2000, names)
	if found.Type != "hash" || found.ElementCount != 2 || *found.ElementsExpireAtMillis != 5000 {
		t.Fatalf("%+v", found)
	}
	for i, want := range []string{"old", "new"} {
		if e := found.Elements[i]; e.Name.Value != "f" || e.Value.Value != want || e.Type != "hash" || e.DotText == "" {
			t.Errorf("element %d: %+v, want %s", i, e, want)
		}
	}
}

func TestListElements_OfASortedSet_ShowsScoresAsNumbers(t *testing.T) {
	found := listed([]object.Change{{Kind: object.Scored, Name: []byte("m"), Data: object.AppendScore(nil, 1.5)}})
	if found.Type != "zset" || len(found.Elements) != 1 || found.Elements[0].Value.Value != "1.5" {
		t.Errorf("%s: %+v", found.Type, found.Elements)
	}
}

func TestListElements_ManyElements_ListsTheFirst(t *testing.T) {
	var changes []object.Change
	for i := range maxElements + 5 {
		changes = append(changes, object.Change{Kind: object.Member, Name: fmt.Append(nil, i)})
	}
	found := listed(changes)
	if found.Type != "set" || found.ElementCount != maxElements+5 || len(found.Elements) != maxElements {
		t.Errorf("%s: %d of %d elements", found.Type, len(found.Elements), found.ElementCount)
	}
}

func TestListElements_OfAStream_ShowsIDsAndFields(t *testing.T) {
	id := collection.StreamID{Millis: 1526919030474, Sequence: 55}
	add := collection.Command{Op: collection.StreamAdd, Args: [][]byte{
		collection.NewID{Rule: collection.ExplicitID, ID: id}.Append(nil),
		collection.AppendFields(nil, [][]byte{[]byte("sensor"), []byte("7")}), nil,
	}}
	found := listed(add.Apply(nil).Changes)
	if found.Type != "stream" || len(found.Elements) != 1 || found.Elements[0].Name.Value != "1526919030474-55" || found.Elements[0].Value.Value != "sensor 7" {
		t.Errorf("%s: %+v", found.Type, found.Elements)
	}
}

// listed returns what is shown of a key after one event of node A.
func listed(changes []object.Change) (found api.ReadAnswer) {
	edit := &object.Edit{Dot: causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}, Time: 1, Changes: changes}
	var stored object.Object
	stored.BecomeEdited(object.Object{}, edit)
	shown, _ := register.Choose(&stored, register.LWW, 1)
	found.Found = true
	names := newActors(ring.NewRing(ring.NewState("test", 16, ring.Quorums{N: 1, R: 1, W: 1}, ring.Member{ID: 1, Name: "A"})))
	names.seeDot(edit.Dot)
	listElements(&found, &stored, shown, 1, names)
	return found
}

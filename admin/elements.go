package admin

import (
	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

// maxElements is the greatest number of elements of a key that are listed.
const maxElements = 1000

// listElements adds the type of a key to an answer, and its elements that can be read, of all
// kinds and with concurrent ones of the same name.
func listElements(found *api.ReadAnswer, stored *object.Object, shown register.Shown, now int64, names *actors) {
	found.Elements = []api.Element{}
	switch {
	case shown.Kind != 0:
		found.Type = collection.TypeName(shown.Kind)
	case found.Found:
		found.Type = "string"
	default:
		found.Type = "none"
	}
	for e := range stored.Elements.Live(now) {
		if found.ElementCount++; found.ElementCount <= maxElements {
			found.Elements = append(found.Elements, elementOf(e, names))
		}
	}
	if at := stored.Elements.KeyExpiry(); at != 0 && found.ElementCount > 0 {
		found.ElementsExpireAtMillis = &at
	}
}

func elementOf(e *object.Element, names *actors) api.Element {
	name, data := collection.Texts(e)
	out := api.Element{
		Type: collection.TypeName(e.Kind), Name: valueOf(name), Value: valueOf(data),
		Dot: names.event(e.Dot), TimestampMillis: e.Time.UnixMilli(),
	}
	out.DotText = out.Dot.String()
	if e.Expiry != 0 {
		out.ExpiresAtMillis = &e.Expiry
	}
	return out
}

package register

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/quorate/quorate/cluster/core/object"
)

// uniteJSON returns the union of the fields of siblings that are all live JSON
// objects. A field has the value of the newest sibling that has it; the expiry is
// that of the newest sibling. Fields are sorted by name, so that the result has the
// same bytes on every node. ok is false if any sibling is not a live JSON object.
func uniteJSON(siblings []object.Sibling, now int64) (v object.Value, ok bool) {
	oldestFirst := make([]*object.Sibling, len(siblings))
	for i := range siblings {
		s := &siblings[i]
		if !s.Live(now) || !looksLikeObject(s.Data) {
			return object.Value{}, false
		}
		oldestFirst[i] = s
	}
	slices.SortFunc(oldestFirst, func(a, b *object.Sibling) int {
		if a.After(b) {
			return 1
		}
		return -1
	})
	fields := map[string]json.RawMessage{}
	for _, s := range oldestFirst {
		// Unmarshal keeps the fields that the map already has.
		if json.Unmarshal(s.Data, &fields) != nil {
			return object.Value{}, false
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if enc.Encode(fields) != nil {
		return object.Value{}, false
	}
	return object.Value{
		Data:   bytes.TrimSuffix(out.Bytes(), []byte("\n")),
		Expiry: oldestFirst[len(oldestFirst)-1].Expiry,
	}, true
}

// looksLikeObject reports whether b may be a JSON object, cheaply, so that other
// values are not parsed. It refuses text that is not UTF-8, because the parser would
// change it.
func looksLikeObject(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '{' && utf8.Valid(b)
}

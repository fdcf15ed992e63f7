package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

// description is what GET /api/openapi.json answers, as far as it is tested.
type description struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Summary     string
		Parameters  []struct{ Name, In string }
		Responses   map[string]struct {
			Content map[string]struct{ Schema schema }
		}
	}
	Components struct{ Schemas map[string]schema }
}

// schema is as much of a JSON schema as the description uses.
type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	AnyOf      []schema
	Items      *schema
	Properties map[string]schema
	Required   []string
	Additional *schema `json:"additionalProperties"`
}

func describedBy(t testing.TB, text []byte) (d description) {
	t.Helper()
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// check returns why a value is not as the schema says, or "".
func (d *description) check(s schema, value any, at string) string {
	if s.Ref != "" {
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		named, ok := d.Components.Schemas[name]
		if !ok {
			return at + ": no schema " + name
		}
		return d.check(named, value, at)
	}
	if len(s.AnyOf) > 0 {
		why := ""
		for _, one := range s.AnyOf {
			if why = d.check(one, value, at); why == "" {
				return ""
			}
		}
		return why
	}
	ok := false
	switch v := value.(type) {
	case nil:
		ok = s.Type == "null" || s.Type == ""
	case string:
		ok = s.Type == "string"
	case bool:
		ok = s.Type == "boolean"
	case float64:
		ok = s.Type == "number" || s.Type == "integer" && v == float64(int64(v))
	case []any:
		ok = s.Type == "array"
		for i := 0; ok && i < len(v); i++ {
			if why := d.check(*s.Items, v[i], fmt.Sprintf("%s[%d]", at, i)); why != "" {
				return why
			}
		}
	case map[string]any:
		ok = s.Type == "object"
		for _, name := range s.Required {
			if _, have := v[name]; !have {
				return at + ": no " + name
			}
		}
		for name, inner := range v {
			of, known := s.Properties[name]
			if !known && s.Additional != nil {
				of, known = *s.Additional, true
			}
			if !known {
				return at + ": " + name + " is not described"
			}
			if why := d.check(of, inner, at+"."+name); why != "" {
				return why
			}
		}
	}
	if !ok {
		return fmt.Sprintf("%s is %.40v, not %s", at, value, s.Type)
	}
	return ""
}

func TestOpenAPI_EveryRoute_IsDescribedAndEveryDescribedOneAnswers(t *testing.T) {
	f := newFleet(t, 2, "")
	d := describedBy(t, f.call("A", "GET", "/api/openapi.json", "").body)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("version %s", d.OpenAPI)
	}
	described := 0
	ids := make(map[string]bool)
	for path, methods := range d.Paths {
		for method, op := range methods {
			described++
			if op.Summary == "" || ids[op.OperationID] {
				t.Errorf("%s %s: summary %q, id %q twice: %v", method, path, op.Summary, op.OperationID, ids[op.OperationID])
			}
			ids[op.OperationID] = true
			for _, name := range []string{"node", "key", "partition"} {
				has := slices.ContainsFunc(op.Parameters, func(p struct{ Name, In string }) bool { return p.Name == name && p.In == "path" })
				if has != strings.Contains(path, "{"+name+"}") {
					t.Errorf("%s %s: its parameter %s", method, path, name)
				}
			}
			if path == streamPath {
				continue // does not end: has tests of its own
			}
			// Nothing that could do harm: a body that no route takes.
			real := strings.NewReplacer("{node}", "Z", "{key}", "k", "{partition}", "1").Replace(path)
			r := f.call("A", strings.ToUpper(method), real, "[]")
			if r.status == http.StatusMethodNotAllowed || strings.Contains(string(r.body), errNoSuchPage.Error()) {
				t.Errorf("%s %s is described, but answers %d %s", method, path, r.status, r.body)
			}
			if _, ok := op.Responses[fmt.Sprint(r.status)]; !ok {
				t.Errorf("%s %s answers %d, which is not described: %s", method, path, r.status, r.body)
			}
		}
	}
	if want := len(new(Server).table()); described != want {
		t.Errorf("%d operations are described, %d served", described, want)
	}
}

func TestOpenAPI_Answers_AreAsDescribed(t *testing.T) {
	f := newFleet(t, 3, "")
	nothing := ""
	must[api.WriteAnswer](f, "A", "PUT", "/api/data/k", api.WriteRequest{Value: "1", Context: &nothing, TTLMillis: 60_000})
	must[api.WriteAnswer](f, "B", "PUT", "/api/data/k", api.WriteRequest{Value: "\x00", Context: &nothing})
	must[api.LinkFaults](f, "A", "POST", "/api/nodes/C/slow", api.SlowRequest{DelayMillis: 1})
	d := describedBy(t, f.call("A", "GET", "/api/openapi.json", "").body)
	samples := map[string]string{
		"/api/ring/key/{key}": "/api/ring/key/k", "/api/data/{key}": "/api/data/k", "/api/versions/{key}": "/api/versions/k",
		"/api/merkle/{partition}": "/api/merkle/3", "/api/plan/{change}/{node}": "/api/plan/leave/B", "/api/node": "/api/node?after=",
	}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		op, ok := d.Paths[path]["get"]
		if _, inJSON := op.Responses["200"].Content["application/json"]; !ok || !inJSON {
			continue
		}
		real := samples[path]
		if real == "" {
			real = path
		}
		r := f.call("A", "GET", real, "")
		var value any
		if err := json.Unmarshal(r.body, &value); err != nil || r.status != 200 {
			t.Errorf("%s: %d %s, %v", real, r.status, r.body, err)
			continue
		}
		if path == "/api/openapi.json" || path == "/api/observe/grafana.json" { // objects of other specifications
			continue
		}
		if why := d.check(op.Responses["200"].Content["application/json"].Schema, value, ""); why != "" {
			t.Errorf("%s: %s", real, why)
		}
		if kind := r.header.Get("Content-Type"); kind != "application/json; charset=utf-8" || r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: headers %v", real, r.header)
		}
	}
}

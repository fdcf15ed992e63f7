package admin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/quorate/quorate/admin/api"
)

// The description of the port is made from the table that serves it, and from the Go
// types of requests and answers. So it always agrees with what is served.

func (s *Server) getOpenAPI(context.Context, *call) (any, error) { return describe(s.table()), nil }

// jsonObject is a JSON object.
type jsonObject = map[string]any

func describe(table []route) jsonObject {
	types := &schemas{named: jsonObject{}}
	paths := jsonObject{}
	for i := range table {
		rt := &table[i]
		path, _ := paths[rt.path].(jsonObject)
		if path == nil {
			path = jsonObject{}
			paths[rt.path] = path
		}
		path[strings.ToLower(rt.method)] = rt.describe(types)
	}
	return jsonObject{
		"openapi": "3.1.0",
		"info": jsonObject{
			"title": "quorate admin", "version": "1", "license": jsonObject{"name": "MIT", "identifier": "MIT"},
			"description": "The admin port of a node, for persons and monitoring systems. Every port answers for the whole cluster: what it does not know it asks the ports of the other nodes, all at once. Nodes that do not answer within a second are listed as missing.",
		},
		"servers":  []jsonObject{{"url": "/"}},
		"security": []jsonObject{{}, {"basic": []string{}}, {"bearer": []string{}}},
		"paths":    paths,
		"components": jsonObject{"schemas": types.named, "securitySchemes": jsonObject{
			"basic":  jsonObject{"type": "http", "scheme": "basic", "description": "Any user name; the password is the port's token."},
			"bearer": jsonObject{"type": "http", "scheme": "bearer"},
		}},
	}
}

func (rt *route) describe(types *schemas) jsonObject {
	ok := jsonObject{"description": "Done.", "content": jsonObject{cmp.Or(rt.media, "application/json"): jsonObject{"schema": types.of(reflect.TypeOf(rt.answer))}}}
	answers := jsonObject{fmt.Sprint(cmp.Or(rt.status, http.StatusOK)): ok}
	fails := append([]int{http.StatusBadRequest, http.StatusUnauthorized}, rt.fails...)
	if rt.needsNode {
		fails = append(fails, http.StatusServiceUnavailable)
	}
	for _, status := range fails {
		answers[fmt.Sprint(status)] = jsonObject{
			"description": http.StatusText(status), "content": jsonObject{"application/json": jsonObject{"schema": types.of(reflect.TypeOf(api.Refusal{}))}},
		}
	}
	out := jsonObject{"operationId": rt.id(), "summary": rt.summary, "responses": answers}
	var params []jsonObject
	for _, p := range rt.params {
		params = append(params, p.describe())
	}
	if params != nil {
		out["parameters"] = params
	}
	if rt.body != nil {
		content := jsonObject{"application/json": jsonObject{"schema": types.of(reflect.TypeOf(rt.body))}}
		if rt.rawBody {
			content["application/octet-stream"] = jsonObject{}
		}
		out["requestBody"] = jsonObject{"content": content}
	}
	return out
}

// id returns the operation's id, such as getApiRingKeyKey.
func (rt *route) id() string {
	id := strings.ToLower(rt.method)
	for _, word := range strings.FieldsFunc(rt.path, func(r rune) bool { return strings.ContainsRune("/{}.", r) }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

func (p *param) describe() jsonObject {
	schema := jsonObject{"type": "string"}
	switch p.kind {
	case numberParam:
		schema = jsonObject{"type": "integer", "minimum": p.least, "maximum": p.most}
		if p.otherwise != 0 {
			schema["default"] = p.otherwise
		}
	case choiceParam:
		schema["enum"] = p.words
	}
	return jsonObject{"name": p.name, "in": p.in, "required": p.in == "path", "description": p.help, "schema": schema}
}

// schemas converts Go types to JSON schemas. A struct with a name is described once,
// and referred to from then on.
type schemas struct{ named jsonObject }

func (s *schemas) of(t reflect.Type) jsonObject {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonObject{"anyOf": []jsonObject{s.of(t.Elem()), {"type": "null"}}}
	case reflect.Slice:
		return jsonObject{"type": "array", "items": s.of(t.Elem())}
	case reflect.Array:
		return jsonObject{"type": "array", "items": s.of(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Map:
		return jsonObject{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.ofStruct(t)
	case reflect.Bool:
		return jsonObject{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return jsonObject{"type": "integer"}
	case reflect.Float64:
		return jsonObject{"type": "number"}
	case reflect.String:
		return jsonObject{"type": "string"}
	case reflect.Interface:
		return jsonObject{}
	}
	panic("admin: no schema for " + t.String())
}

func (s *schemas) ofStruct(t reflect.Type) jsonObject {
	if t.Name() == "" {
		return s.fields(t)
	}
	if s.named[t.Name()] == nil {
		s.named[t.Name()] = jsonObject{} // reserved while its fields are read, because a type may refer to itself
		s.named[t.Name()] = s.fields(t)
	}
	return jsonObject{"$ref": "#/components/schemas/" + t.Name()}
}

func (s *schemas) fields(t reflect.Type) jsonObject {
	properties, required := jsonObject{}, []string{}
	s.collect(t, properties, &required)
	slices.Sort(required)
	return jsonObject{"type": "object", "properties": properties, "required": required}
}

// collect adds the fields of t as encoding/json does: the fields of an embedded struct
// count as fields of t.
func (s *schemas) collect(t reflect.Type, properties jsonObject, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			s.collect(f.Type, properties, required)
		case name != "":
			properties[name] = s.of(f.Type)
			if !strings.Contains(rest, "omitempty") {
				*required = append(*required, name)
			}
		}
	}
}

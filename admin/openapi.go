package admin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// The description of the port is made from the table that serves it, and from the
// Go types that are read and answered: it cannot say what is not so.

func (s *Server) getOpenAPI(context.Context, *call) (any, error) { return describe(table()), nil }

// object is a JSON object.
type object = map[string]any

func describe(table []route) object {
	types := &schemas{named: object{}}
	paths := object{}
	for i := range table {
		rt := &table[i]
		path, _ := paths[rt.path].(object)
		if path == nil {
			path = object{}
			paths[rt.path] = path
		}
		path[strings.ToLower(rt.method)] = rt.describe(types)
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "quorate admin", "version": "1", "license": object{"name": "MIT", "identifier": "MIT"},
			"description": "What a person or a monitoring system wants of a cluster, on every node's admin port. Every port answers for the whole cluster: what it does not know it asks of the others, at once, and lists as missing whoever is silent for a second.",
		},
		"servers":  []object{{"url": "/"}},
		"security": []object{{}, {"basic": []string{}}, {"bearer": []string{}}},
		"paths":    paths,
		"components": object{"schemas": types.named, "securitySchemes": object{
			"basic":  object{"type": "http", "scheme": "basic", "description": "Any user name; the password is the port's token."},
			"bearer": object{"type": "http", "scheme": "bearer"},
		}},
	}
}

func (rt *route) describe(types *schemas) object {
	ok := object{"description": "Done.", "content": object{cmp.Or(rt.media, "application/json"): object{"schema": types.of(reflect.TypeOf(rt.answer))}}}
	answers := object{fmt.Sprint(cmp.Or(rt.status, http.StatusOK)): ok}
	fails := append([]int{http.StatusBadRequest, http.StatusUnauthorized}, rt.fails...)
	if rt.needsNode {
		fails = append(fails, http.StatusServiceUnavailable)
	}
	for _, status := range fails {
		answers[fmt.Sprint(status)] = object{
			"description": http.StatusText(status), "content": object{"application/json": object{"schema": types.of(reflect.TypeOf(Refusal{}))}},
		}
	}
	out := object{"operationId": rt.id(), "summary": rt.summary, "responses": answers}
	var params []object
	for _, p := range rt.params {
		params = append(params, p.describe())
	}
	if params != nil {
		out["parameters"] = params
	}
	if rt.body != nil {
		content := object{"application/json": object{"schema": types.of(reflect.TypeOf(rt.body))}}
		if rt.rawBody {
			content["application/octet-stream"] = object{}
		}
		out["requestBody"] = object{"content": content}
	}
	return out
}

// id names an operation: getApiRingKeyKey.
func (rt *route) id() string {
	id := strings.ToLower(rt.method)
	for _, word := range strings.FieldsFunc(rt.path, func(r rune) bool { return strings.ContainsRune("/{}.", r) }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

func (p *param) describe() object {
	schema := object{"type": "string"}
	switch p.kind {
	case aNumber:
		schema = object{"type": "integer", "minimum": p.least, "maximum": p.most}
		if p.otherwise != 0 {
			schema["default"] = p.otherwise
		}
	case aWord:
		schema["enum"] = p.words
	}
	return object{"name": p.name, "in": p.in, "required": p.in == "path", "description": p.help, "schema": schema}
}

// schemas turns Go types into JSON schemas. Structs with names are described
// once, and referred to.
type schemas struct{ named object }

func (s *schemas) of(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []object{s.of(t.Elem()), {"type": "null"}}}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Array:
		return object{"type": "array", "items": s.of(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.ofStruct(t)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Interface:
		return object{}
	}
	panic("admin: no schema for " + t.String())
}

func (s *schemas) ofStruct(t reflect.Type) object {
	if t.Name() == "" {
		return s.fields(t)
	}
	if s.named[t.Name()] == nil {
		s.named[t.Name()] = object{} // in the making, for a type that refers to itself
		s.named[t.Name()] = s.fields(t)
	}
	return object{"$ref": "#/components/schemas/" + t.Name()}
}

func (s *schemas) fields(t reflect.Type) object {
	properties, required := object{}, []string{}
	s.collect(t, properties, &required)
	slices.Sort(required)
	return object{"type": "object", "properties": properties, "required": required}
}

// collect goes through fields as encoding/json does: those of an embedded struct
// are its holder's.
func (s *schemas) collect(t reflect.Type, properties object, required *[]string) {
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

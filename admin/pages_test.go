package admin

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/problem"
)

var update = flag.Bool("update", false, "write REST.md and METRICS.md")

// comparePage compares a page with what it should be; -update writes it.
func comparePage(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s differs from what is served; 'go test ./admin -run Page -update' writes it", path)
	}
}

// TestRestPage_Reference_IsThatOfTheTable compares the generated part of REST.md with
// the table of routes and the types of package api.
func TestRestPage_Reference_IsThatOfTheTable(t *testing.T) {
	const path, mark = "REST.md", "<!-- Everything below is generated: go test ./admin -run Page -update -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(text), mark)
	if !found {
		t.Fatalf("%s has no line %s", path, mark)
	}
	for _, kind := range problem.Kinds {
		if !strings.Contains(head, "\n| `"+kind+"` |") {
			t.Errorf("%s does not explain problems of kind %s", path, kind)
		}
	}
	var b strings.Builder
	types := make(map[string]reflect.Type)
	b.WriteString("\n## Routes\n\nBesides the statuses named, each route may answer 400 to a bad request, 401 without the token, and 503 when its node does not run.\n")
	for _, rt := range new(Server).table() {
		fmt.Fprintf(&b, "\n### %s %s\n\n%s\n\n", rt.method, rt.path, rt.summary)
		for _, p := range rt.params {
			fmt.Fprintf(&b, "* `%s` (%s%s): %s\n", p.name, p.in, boundsOf(p), p.help)
		}
		if name := noteType(types, reflect.TypeOf(rt.body)); name != "" {
			fmt.Fprintf(&b, "* body: %s\n", name)
		}
		if name := noteType(types, reflect.TypeOf(rt.answer)); name != "" {
			fmt.Fprintf(&b, "* answer: %d, %s\n", cmp.Or(rt.status, http.StatusOK), name)
		}
		if len(rt.fails) > 0 {
			fmt.Fprintf(&b, "* failures: %s\n", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(rt.fails)), ", "), "[]"))
		}
	}
	b.WriteString("\n## Types\n")
	noteType(types, reflect.TypeFor[api.Refusal]())
	docs := readDocs(t, "api")
	for _, name := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| field | type | meaning |\n|---|---|---|\n", name, docs[name].text)
		for _, f := range fieldsOf(types[name]) {
			json, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", json, jsonType(f.Type), docs[holderOf(types[name], f)].fields[f.Name])
		}
	}
	comparePage(t, path, head+mark+b.String())
}

// boundsOf formats what a parameter may be.
func boundsOf(p param) string {
	switch p.kind {
	case numberParam:
		text := fmt.Sprintf(", %d to %d", p.least, p.most)
		if p.otherwise != 0 {
			text += fmt.Sprintf(", default %d", p.otherwise)
		}
		return text
	case choiceParam:
		return ", " + strings.Join(p.words, " or ")
	}
	return ""
}

// noteType notes a type and those of its fields, and returns its name for a reader.
func noteType(types map[string]reflect.Type, t reflect.Type) string {
	if t == nil {
		return ""
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		noteType(types, t.Elem())
	case reflect.Struct:
		if t.Name() == "" || types[t.Name()] != nil {
			break
		}
		types[t.Name()] = t
		for _, f := range fieldsOf(t) {
			noteType(types, f.Type)
		}
	}
	if t.Kind() == reflect.Struct && t.NumField() == 0 {
		return "an empty object"
	}
	return jsonType(t)
}

// fieldsOf returns the fields of a struct as encoding/json does.
func fieldsOf(t reflect.Type) (all []reflect.StructField) {
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			all = append(all, f)
		}
	}
	return all
}

// holderOf returns the name of the struct that declares a field of t: t itself, or
// one that is embedded in it.
func holderOf(t reflect.Type, f reflect.StructField) string {
	for _, i := range f.Index[:len(f.Index)-1] {
		t = t.Field(i).Type
	}
	return t.Name()
}

func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonType(t.Elem()) + " or null"
	case reflect.Slice, reflect.Array:
		return "array of " + jsonType(t.Elem())
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return "object"
		}
		return "object of " + jsonType(t.Elem())
	case reflect.Struct:
		if t.Name() == "" {
			return "object"
		}
		return fmt.Sprintf("[%s](#%s)", t.Name(), strings.ToLower(t.Name()))
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	}
	return "number"
}

// typeDoc is what the source says about a type.
type typeDoc struct {
	text   string
	fields map[string]string
}

// readDocs reads the comments of the types in a folder.
func readDocs(t *testing.T, dir string) map[string]typeDoc {
	t.Helper()
	docs := make(map[string]typeDoc)
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				s := spec.(*ast.TypeSpec)
				doc := typeDoc{text: oneLine(g.Doc), fields: make(map[string]string)}
				if st, ok := s.Type.(*ast.StructType); ok {
					for _, f := range st.Fields.List {
						for _, name := range f.Names {
							doc.fields[name.Name] = strings.ReplaceAll(oneLine(f.Comment), "|", "\\|")
						}
					}
				}
				docs[s.Name.Name] = doc
			}
		}
	}
	return docs
}

func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// TestMetricsPage_EveryMetric_IsThatOfARunningNode compares METRICS.md with what
// running nodes serve, and those with the names in the source.
func TestMetricsPage_EveryMetric_IsThatOfARunningNode(t *testing.T) {
	f := newFleet(t, 2, "")
	must[api.NodeState](f, "B", "POST", "/api/nodes/B/kill", nil)
	families := make(map[string]*dto.MetricFamily)
	gather := func(p Process) {
		all, err := NewMetrics(p).Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range all {
			families[family.GetName()] = family
		}
	}
	f.nodes.Eventually("the hints' holder to count", func() bool {
		must[api.WriteAnswer](f, "A", "PUT", "/api/data/k", api.WriteRequest{Value: "v", W: 1})
		gather(f.ports["A"])
		return families["quorate_hints_pending"] != nil
	})
	if len(families) == 0 {
		t.Fatal("nothing is served")
	}
	gather(&fakeProcess{node: newFakeNode()}) // one that no tombstone can be removed on
	gather(f.ports["A"])
	must[api.Problems](f, "A", "GET", "/api/problems", nil)
	problems, err := f.ports["A"].server.monitor.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range problems {
		families[family.GetName()] = family
	}
	var b strings.Builder
	b.WriteString("# Metrics\n\nWhat `/metrics` on the admin port serves, for Prometheus. A killed node serves `quorate_up` and the metrics of its process only.\n\n" +
		"This page is generated from what running nodes serve: `go test ./admin -run Page -update`.\n")
	for _, part := range []struct{ title, prefix string }{
		{"The node", "quorate_"}, {"The process", "process_"}, {"Go's runtime", "go_"},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", part.title)
		for _, name := range slices.Sorted(maps.Keys(families)) {
			if strings.HasPrefix(name, part.prefix) {
				family := families[name]
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, strings.ToLower(family.GetType().String()), labelsOf(family), family.GetHelp())
			}
		}
	}
	page := b.String()
	for name := range families {
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("%s is served and in no part of the page", name)
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`"(quorate_[a-z_]+)"`).FindAllStringSubmatch(string(text), -1) {
			if families[m[1]] == nil {
				t.Errorf("%s names %s, which no node serves in this test", path, m[1])
			}
		}
	}
	comparePage(t, "METRICS.md", page)
}

func labelsOf(family *dto.MetricFamily) string {
	seen := make(map[string]bool)
	for _, m := range family.GetMetric() {
		for _, l := range m.GetLabel() {
			seen["`"+l.GetName()+"`"] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), ", ")
}

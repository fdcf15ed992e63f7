package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// interchangeable are the exported functions of the core whose neighbouring parameters
// may have one type, or that may take a bool, with the reason.
var interchangeable = map[string]string{
	"causal.Join":       "symmetric",
	"causal.JoinIs":     "symmetric but for the names of its results",
	"causal.AppendJoin": "dst comes first, the others are symmetric",
	"object.Merge":      "symmetric",

	"collection.Stream.Between": "the ends of a range: swapped, they have nothing between them",
	"collection.EntrySound":     "a name and its data, as everywhere in an element",
	"wire.AppendBytes":          "dst comes first, as in append",
	"wire.AppendLong":           "dst comes first, as in append",
	"wire.AppendFlag":           "the bool is the value that is written",
}

// TestCore_Parameters_CannotBeSwapped checks the exported functions and methods of the
// core: none has a bool parameter, or two neighbouring parameters of one type, because
// a call that mixes them up would compile.
func TestCore_Parameters_CannotBeSwapped(t *testing.T) {
	found := make(map[string]bool)
	err := filepath.WalkDir(filepath.Join("..", "..", "cluster", "core"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			name := file.Name.Name + "." + f.Name.Name
			if f.Recv != nil {
				receiver := strings.TrimPrefix(types.ExprString(f.Recv.List[0].Type), "*")
				name = file.Name.Name + "." + receiver + "." + f.Name.Name
			}
			fault := swappable(f.Type.Params)
			if fault != "" && interchangeable[name] == "" {
				t.Errorf("%s: %s %s: give them types, or make one call of two", path, name, fault)
			}
			found[name] = fault != ""
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 100 {
		t.Errorf("only %d functions found", len(found))
	}
	for name := range interchangeable {
		if !found[name] {
			t.Errorf("%s is an exception without need", name)
		}
	}
}

// swappable says what makes parameters easy to mix up; "" if nothing does.
func swappable(parameters *ast.FieldList) string {
	last := ""
	for _, field := range parameters.List {
		t := strings.TrimPrefix(types.ExprString(field.Type), "...")
		switch {
		case t == "bool":
			return "takes a bool"
		case t == last || len(field.Names) > 1:
			return "has neighbouring parameters of type " + t
		}
		last = t
	}
	return ""
}

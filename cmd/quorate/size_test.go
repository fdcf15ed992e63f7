package main

import (
	"go/ast"
	"os"
	slashpath "path"
	"path/filepath"
	"strings"
	"testing"
)

const (
	mostLines   = 400 // of a file
	mostMethods = 40  // of a type
)

func linesOf(t *testing.T, f sourceFile) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", f.path))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(content), "\n")
}

func TestFiles_AreShort(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if n := linesOf(t, f); n > mostLines {
			t.Errorf("%s has %d lines: split it by idea", f.path, n)
		}
	}
}

// method is a method, and the type that it is of.
type method struct{ receiver, name string }

func methodsOf(tree *ast.File) (all []method) {
	for _, d := range tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv == nil {
			continue
		}
		receiver := fn.Recv.List[0].Type
		if star, ok := receiver.(*ast.StarExpr); ok {
			receiver = star.X
		}
		switch generic := receiver.(type) {
		case *ast.IndexExpr:
			receiver = generic.X
		case *ast.IndexListExpr:
			receiver = generic.X
		}
		if name, ok := receiver.(*ast.Ident); ok {
			all = append(all, method{name.Name, fn.Name.Name})
		}
	}
	return all
}

func TestTypes_HaveFewMethods(t *testing.T) {
	methods := make(map[string]int)
	for _, f := range sourceFiles(t) {
		if f.isTest() {
			continue
		}
		for _, m := range methodsOf(f.tree) {
			methods[slashpath.Dir(f.path)+"."+m.receiver]++
		}
	}
	for name, n := range methods {
		if n > mostMethods {
			t.Errorf("%s has %d methods: give a part of it a type of its own", name, n)
		}
	}
}

// The root package of a node puts the parts together and does nothing else.
const (
	rootPackage  = "cluster"
	mostRoot     = 600 // lines, without doc.go
	mostExported = 25  // exported methods of all its types together
)

func TestRootPackage_IsSmall(t *testing.T) {
	lines, exported := 0, 0
	for _, f := range sourceFiles(t) {
		if f.isTest() || slashpath.Dir(f.path) != rootPackage {
			continue
		}
		if slashpath.Base(f.path) != "doc.go" {
			lines += linesOf(t, f)
		}
		for _, m := range methodsOf(f.tree) {
			if ast.IsExported(m.name) {
				exported++
			}
		}
	}
	if lines == 0 || lines > mostRoot {
		t.Errorf("%s has %d lines, want 1 to %d: move an idea to the package where it belongs", rootPackage, lines, mostRoot)
	}
	if exported == 0 || exported > mostExported {
		t.Errorf("the types of %s export %d methods, want 1 to %d: hand out a part instead", rootPackage, exported, mostExported)
	}
}

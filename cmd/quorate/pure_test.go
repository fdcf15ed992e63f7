package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	slashpath "path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pureImports are all that pure packages may import from outside of the module. They read
// no clock, disk or network, and start no goroutine. Of time only types and arithmetic are
// used: see forbidden.
var pureImports = []string{
	"bytes", "cmp", "encoding/base64", "encoding/binary", "encoding/json", "errors", "fmt", "hash/crc32", "hash/crc64", "io", "iter",
	"maps", "math", "math/big", "math/bits", "slices", "strconv", "strings", "sync/atomic", "time", "unicode", "unicode/utf8",
	"github.com/cespare/xxhash/v2",
	"github.com/tidwall/redcon", // server/resp parses with it
}

// clockCalls are the functions of package time that read the clock or wait.
var clockCalls = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

// sourceFile is a Go file of the module, parsed whatever its build constraints say.
type sourceFile struct {
	path    string // relative to the module
	imports []string
	tree    *ast.File
}

func (f sourceFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// pkg returns the import path of the file's package.
func (f sourceFile) pkg() string { return module + slashpath.Dir(f.path) }

// sourceFiles parses every Go file of the module.
func sourceFiles(t *testing.T) (files []sourceFile) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && name != root) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f := sourceFile{path: filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))}
		if f.tree, err = parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution); err != nil {
			return err
		}
		for _, i := range f.tree.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d files found", len(files))
	}
	return files
}

// TestPurePackages_ImportNothingThatActs holds for every file, also those for other systems;
// the tests of a pure package may use the standard library, but no other part of quorate
// than what runs their properties.
func TestPurePackages_ImportNothingThatActs(t *testing.T) {
	for _, f := range sourceFiles(t) {
		from := layerOf(f.pkg())
		if from < 0 || !isPure(from) {
			continue
		}
		for _, imported := range f.imports {
			if f.isTest() && imported == module+"cluster/testproperties" {
				continue
			}
			if strings.HasPrefix(imported, module) {
				if to := layerOf(imported); to < 0 || to != from && !slices.Contains(layers[from].may, layers[to].name) {
					t.Errorf("%s must not import %s", f.path, imported)
				}
				continue
			}
			if !f.isTest() && !slices.Contains(pureImports, imported) {
				t.Errorf("%s is of a pure package, and imports %s", f.path, imported)
			}
		}
		if !f.isTest() {
			for _, fault := range forbidden(f.tree) {
				t.Errorf("%s is of a pure package, and %s", f.path, fault)
			}
		}
	}
}

// forbidden lists what a pure file does that it must not: it starts goroutines, uses
// channels, reads the clock or waits.
func forbidden(tree *ast.File) (faults []string) {
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			faults = append(faults, "starts a goroutine")
		case *ast.ChanType, *ast.SelectStmt, *ast.SendStmt:
			faults = append(faults, "uses a channel")
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && of.Name == "time" && slices.Contains(clockCalls, n.Sel.Name) {
				faults = append(faults, "calls time."+n.Sel.Name)
			}
		}
		return true
	})
	return faults
}

func TestForbidden_EachFault_IsSeen(t *testing.T) {
	tree, err := parser.ParseFile(token.NewFileSet(), "f.go", `package f
		import "time"
		var began = time.Now()
		func f(c chan int) { go f(c); c <- 1; time.Sleep(time.Second) }`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"calls time.Now", "uses a channel", "starts a goroutine", "uses a channel", "calls time.Sleep"}
	if got := forbidden(tree); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestProperties_EveryPackage_DrawsTheSameCases sees that no suite fails by what it draws on
// one run alone.
func TestProperties_EveryPackage_DrawsTheSameCases(t *testing.T) {
	draws, main := map[string]bool{}, map[string]bool{}
	for _, f := range sourceFiles(t) {
		if f.isTest() {
			draws[f.pkg()] = draws[f.pkg()] || slices.Contains(f.imports, "pgregory.net/rapid")
			main[f.pkg()] = main[f.pkg()] || slices.Contains(f.imports, module+"cluster/testproperties")
		}
	}
	drawing := 0
	for pkg := range draws {
		if draws[pkg] {
			drawing++
		}
		if draws[pkg] && !main[pkg] {
			t.Errorf("%s has property tests: its TestMain must be one of testproperties", pkg)
		}
	}
	if drawing < 10 {
		t.Errorf("%d packages have property tests: too few were found", drawing)
	}
}

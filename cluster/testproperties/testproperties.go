package testproperties

import (
	"flag"
	"testing"
)

// Flags of rapid, and what they are here unless somebody sets them.
const (
	seedFlag   = "rapid.seed"
	seed       = "1"
	checksFlag = "rapid.checks"
	checks     = "500" // from which short mode makes 100
)

// Main runs the tests of a package, for its TestMain.
func Main(m *testing.M) {
	flag.Parse()
	setDefault(seedFlag, seed)
	if testing.Short() {
		setDefault(checksFlag, checks)
	}
	m.Run()
}

// MainOfSlow runs the tests of a package whose properties are slow. In short mode they
// have the fewer cases that rapid gives them.
func MainOfSlow(m *testing.M) {
	flag.Parse()
	setDefault(seedFlag, seed)
	m.Run()
}

// setDefault sets a flag that was not given.
func setDefault(name, value string) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return
	}
	if err := flag.Set(name, value); err != nil {
		panic(err) // the package has no test that imports rapid
	}
}

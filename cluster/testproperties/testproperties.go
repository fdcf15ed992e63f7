package testproperties

import (
	"flag"
	"testing"
)

// shortChecks is the flag of rapid from which short mode makes 100 cases.
const shortChecks = "500"

// Main runs the tests of a package, for its TestMain.
func Main(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if testing.Short() && !given {
		if err := flag.Set("rapid.checks", shortChecks); err != nil {
			panic(err) // the package has no test that imports rapid
		}
	}
	m.Run()
}

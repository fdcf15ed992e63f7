//go:build race

package e2e

// Under the race detector the program under test has it too. It is then several
// times slower, and given the time.
func init() {
	buildFlags = append(buildFlags, "-race")
	slowness = []string{"--request-timeout", "20s"}
	many, large = 500, 1<<20
	thinkTime *= 5
}

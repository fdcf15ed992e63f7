//go:build !race

package antientropy

// manyKeys is how many keys a partition has that is nearly in sync.
const manyKeys = 100_000

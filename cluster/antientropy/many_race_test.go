//go:build race

package antientropy

// manyKeys is less under the race detector, which makes filling the stores slow.
const manyKeys = 10_000

// Package coverage answers questions that need every partition: the keys of the
// cluster, how many there are, what each member holds, and the history of a key.
//
// A [Reader] asks the members that it needs, all at once, and joins their answers. The
// cursor of a scan says it all, so any node can serve any page. A node keeps for a moment
// what it has read ahead for a scan, and does without it where it is gone.
//
// Invariant: a key that is present during a whole scan is listed at least once. Each
// page is asked of as many primaries as it takes to meet every acknowledged write, and no
// node answers while it is being refilled after it lost its disk. A key is listed if it
// exists for GET (register.Exists).
//
// Owns: nothing. Its goroutines end before the call returns.
//
// Not: requests for single keys (cluster/replica). It imports cluster/core,
// cluster/peer, cluster/replica and engine.
package coverage

// Package hyperloglogcmd holds the commands that estimate how many distinct elements were
// added to a key: PFADD, PFCOUNT and PFMERGE.
//
// Invariant: adding is one update of one key, which says what the elements do to the
// registers. It has no effect if it comes twice. PFMERGE reads its sources and then updates
// its target: it is not atomic, and loses nothing that was added meanwhile.
//
// Owns: nothing.
//
// Not: the registers and their format (cluster/core/datatype/hyperloglog). It imports
// server/command and the pure core.
package hyperloglogcmd

// Package logsummary logs what happens too often to be logged each time: hints that a node
// keeps, and requests that find no quorum. It logs when such a state begins, and when it has
// ended, and their numbers once a minute in between.
//
// Invariant: of one state, a line follows another after ten seconds at the earliest.
//
// Owns: the goroutine of [Summary.Run].
//
// Not: metrics (admin), and what is counted (engine, cluster/replica).
package logsummary

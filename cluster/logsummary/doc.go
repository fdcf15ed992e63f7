// Package logsummary logs what happens too often to be logged each time: hints that a node
// keeps, and requests that find no quorum. It logs their numbers instead.
//
// Invariant: what grows is logged at once, and after that at most every five seconds.
//
// Owns: the goroutine of [Summary.Run].
//
// Not: metrics (admin), and what is counted (engine, cluster/replica).
package logsummary

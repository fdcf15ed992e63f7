// Package largebuf makes memory for large values.
//
// Go collects garbage when the heap has grown by half of what it needs, or twice as large. With
// values of hundreds of megabytes, those of finished requests would stay beside the next one. So
// the garbage is collected before memory for a large value is made.
//
// Invariant: memory for a large value is made only when less than [Worth] bytes were made since
// the last collection.
//
// Owns: nothing. It has no state. It imports nothing of quorate.
//
// Not: how many bytes a client or a peer may send (server/limits, cluster/peer).
package largebuf

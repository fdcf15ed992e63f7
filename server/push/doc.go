// Package push sends messages to connections that are not replies to a command: the lines
// of MONITOR.
//
// A connection that may get messages has a [Mailbox]. Others put messages there and
// never wait; one goroutine per mailbox delivers them while the connection's session waits
// for commands. A [Group] is a set of mailboxes that get the same messages.
//
// Invariant: a message is delivered whole, in order, and never inside a reply; a
// mailbox holds no more than its limit. Overflow: a message that does not fit is
// dropped and counted, and a note with the number follows the last message that
// was kept.
//
// Owns: nothing; the caller runs [Mailbox.Deliver].
//
// Not: writing to the connection (server), and the contents of messages, except
// [MonitorLine]. It imports server/resp only.
package push

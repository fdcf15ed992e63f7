// Package listcmd holds the commands on lists: LPUSH, LRANGE, LMOVE and their relatives. The
// forms that block do not exist.
//
// Invariant: a command on one key is one request, LMOVE within one list included. LMOVE
// between two lists is several requests, see runMove, and LMPOP one for each key; neither is
// atomic.
//
// Owns: the turns of those LMOVEs of this node that move from the same list.
//
// Not: what a change does to the items (cluster/core/datatype/collection), how a change and a
// view are planned (server/command). It imports server/command, server/resp and the pure core.
package listcmd

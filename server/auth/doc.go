// Package auth knows the users of a node, checks their passwords, and holds the
// commands about them: AUTH and ACL.
//
// There is one user, default, who may do everything; its password is requirepass.
//
// Invariant: how long a check takes depends on the length of the client's own bytes
// only; the password itself is never shown.
//
// Owns: the password in force.
//
// Not: whether a connection has authenticated (its session), HELLO
// (server/connection, by way of [Users.Login]). It imports server/command and
// server/resp.
package auth

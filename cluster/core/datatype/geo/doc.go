// Package geo is places on the earth as Redis stores them: as scores of a sorted set.
//
// A [Point] becomes a hash of 52 bits ([Point.Hash]): those of its latitude and of its longitude
// in turn, so that points with neighbouring hashes are near one another. A hash is a score
// exactly, and [PointOf] returns the middle of its cell, which is at most 0.6 m away.
//
// Invariant: every function depends on its arguments alone, and any score is a point.
//
// Owns: nothing. The package is pure.
//
// Not: the sorted set (cluster/core/datatype/collection), syntax and replies (server/geocmd). It
// imports nothing of quorate.
package geo

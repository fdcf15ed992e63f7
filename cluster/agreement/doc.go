// Package agreement remembers what all members of the cluster can read.
//
// A node must not write a new form of objects while some member runs a version that cannot
// read it. Which version a member runs is known from the streams to it. Once all members can
// read the new form, this node remembers it on its disk: a member that is down later on, or
// that has not been reached since this node started, changes nothing.
//
// Invariant: an agreement that was reached stays reached, after a restart too.
//
// Owns: one entry of the node's state for each agreement.
//
// Not: which versions there are (cluster/peer), who the members are (cluster/membership). Of
// quorate it imports ring.
package agreement

// Package sim runs whole nodes in one process under a schedule that one seed
// decides: who sends what when, which message is lost, late or doubled, whose
// process freezes or dies, what its disk had synced.
//
// A node is made of the parts that run in production: membership, coordinator, hint
// delivery, anti-entropy, reaper, mover, recovery, and the engine on Pebble over
// a file system in memory. Sockets and gossip are replaced by a message bus and a
// failure detector, which the simulator drives.
//
// # How a run is made to repeat
//
// Each life of a node is a testing/synctest bubble of its own, with its own clock.
// The simulator runs one node at a time. It gives the node one thing to do (a
// message, a request of a client, some time to pass), and waits until all
// goroutines of the node are idle. What the node sent meanwhile is sorted before
// the generator of the run decides about it, so that the order in which goroutines
// ran within a step does not matter. All instants differ by odd nanoseconds, so that
// no two timers of a node fire at once.
//
// A frozen node is one whose bubble gets no time and no messages. When it goes on,
// its wall clock has moved, and what waited in its buffers comes before, among or
// after its overdue timers, as the seed says.
//
// A node that is told of a change of the ring may take it in late (lag), and goes on by its
// older ring meanwhile. A hasty operator (haste) makes a change while another one is under way, and
// lets two members leave at once.
//
// A clock that is ahead (skew) is a bubble that began later. It stays ahead until
// the process ends. A wall clock that jumps is an offset which the simulator adds to
// what the parts of a node read through their Now. Timers do not see it. The offset
// is added to monotonic readings too, so a part that measures a duration with Now
// measures the jump.
//
// Collections are stored element by element from a few elements on. How many they are, each life
// of a node draws anew, so that one node keeps a collection so and another one whole. From which
// size on a collection is large differs from run to run (see cluster/replica, large.go).
//
// The copy of a disk is a copy of the file system in memory. A snapshot is made while
// the node runs and put back after a crash. A clone gets a second process, with links
// and an address of its own. Of the two, one must end by itself; the other one is the node
// from then on. Copies of an acknowledged write may be two, so at most one node of a run
// loses what it had: it may be removed as dead, get an older disk back, or get a clone.
//
// A node is reached at the address that the caller's ring state has of it. A node
// that has moved is unknown to the others until it has told one of them.
//
// # Running it
//
//	go test ./cluster/sim                                        the seeds of the suite
//	go test ./cluster/sim -seeds 10000 -timeout 60m              more of them
//	go test ./cluster/sim -run Seeds -seeds 1 -first 4711        one of them, again
//	go test ./cluster/sim -run Seeds -faults all                 with every kind of fault
//	go test ./cluster/sim -run Seeds -faults steady,forwards     with some kinds
//	go test ./cluster/sim -run Seeds -seeds 1 -first 7 -events   every event of one run
//
// A run that fails prints its seed, the end of its trace, and the command that
// repeats it.
//
// # What is checked
//
//   - No acknowledged write is lost. Nothing deleted returns. What has expired is not
//     shown. EXPIRE drops no sibling. With --durability interval a write may be lost that
//     two nodes had acknowledged and could not sync before they died.
//   - When the faults end, an acknowledged write is on two disks, synced, as a copy or as
//     a hint. A hint that is deleted is on the disk of its target, in either durability mode.
//   - What was acknowledged before a FLUSHALL is not there after it, and FLUSHALL removes nothing
//     that was acknowledged after it began.
//   - A plain read shows the last plain write, if clocks agree.
//   - A value has its data for as long as it lives by any clock that is right.
//   - No dot is minted twice.
//   - A client that passes its context gets no false sibling.
//   - No increment counts twice, and each acknowledged one counts.
//   - An element that was added stays until something may have removed it. What a removal with a
//     context covers does not come back.
//   - A read of a collection, be it of all elements, of one name or of none, shows each element
//     whose addition it knows of, unless something may have removed it, and none whose removal it
//     knows of. Its totals and its type agree with that. So does its expiry, where coordinators
//     may not part.
//   - No id of an entry of a stream is given twice. A deleted entry does not come back, and no more
//     entries are gone than trims say.
//   - The copies of all primaries are equal at rest, with no hint and no request left.
//   - No process ends by itself but one of two of the same node, and one that has left. At
//     rest no node has two, and none is in doubt about its data.
//   - A disk that was put back after a stop in good order is noticed, once another node
//     has heard of a later start.
//   - Where no fault is at work but delay, nothing is refused.
//   - The frames that a run costs are bounded, and so are the requests that wait at a
//     node. Of the siblings of a key, one coordinator made no more in one epoch than it
//     allows.
//   - If no coordinator seems silent and no fallback stands in: a read knows of every
//     write that was acknowledged before it began, and no item of a list is handed out
//     twice. Also where nodes stop, die and start again: no two increments have the same answer,
//     of all SETNX of one key one sets it, and ids of entries rise.
//   - Where the ring and the disks stay, a read through a primary knows of every write that the same
//     process has coordinated, whatever else is broken.
//
// For each there is a defect that is planted to see the check fail.
//
// # What is not held yet
//
// The suite uses sets of faults under which everything is held: steady, ring and mild,
// each with some others (see suite in sim_test.go). These combinations are outside of
// them, for they are known to break something:
//
//   - With the disks of several nodes full at once a write waits for a quorum until
//     its coordinator seems silent. The simulator fills one disk at a time.
//   - A copy of a disk that was made while its node ran, and is put back before the node
//     starts again otherwise, is not noticed: the ring knows no start that the copy does
//     not. What the node acknowledged after the copy is then on the other nodes alone, until
//     anti-entropy brings it back. The simulator checks that nothing is lost by that
//     (snapshots), not that it is noticed.
//
// # What is outside
//
// A node of the simulator is put together by this package (node.go), not by package
// cluster: that one opens sockets and runs memberlist, whose goroutines and timers no
// seed decides. For the same reason digests of the ring state travel by a simple exchange
// (gossip.go). The handshakes and the watchdog of streams are not simulated, nor are the
// settings of the cluster, --replace, and a FLUSHALL that deletes key by key. The tests of
// cluster/antientropy and cluster/handoff use cluster/testcluster, those of cluster/replica a
// world of their own.
//
// Invariant: a seed and a set of options give the same trace, byte for byte, on
// every run of one binary.
//
// Owns: the bubbles of the nodes and everything in them, until [Run] returns.
//
// Not: the network itself (cluster/peer has tests over real sockets and over
// faulty links), gossip (cluster/membership/gossip), and whole processes (cmd/quorate/e2e).
package sim

// Package cluster is one node put together: the storage engine, the peer channel, the
// coordinator, gossip, hinted handoff and anti-entropy, around one ring.
//
// A [Node] is made by [New], which is given the sockets for peers, opens the store and puts
// the parts together. It works in [Node.Run]. Before [Node.Ready] it has no ring: a new node that is
// to join a cluster is still asking for it. Those who use the node use its parts
// ([Node.Coordinator], [Node.Membership], …), which have their own documentation.
//
// Invariant: what a node acts on is saved. A node that is killed at any instant comes
// back with the ring and the settings of the cluster that it had shown to others.
//
// Owns: all parts of the node. Run returns when all of them have stopped, or, while the
// disk does not answer, after a time. They stop in
// this order: the channel and gossip, so that nothing new arrives; the coordinator,
// which finishes its requests; the store.
//
// Not: RESP (server), HTTP (admin), processes and flags (cmd).
//
// # Where to look
//
// ARCHITECTURE.md in this folder draws the packages and follows a SET, a hint and a
// join through them. In short:
//
//	how a node is put together             cluster (node.go, events.go); cluster/repair
//	where a hint is stored                 engine (applyhint.go, hints.go); sent on by cluster/handoff (delivery.go)
//	where a write has its quorum           cluster/core/coordination (write.go), over cluster/core/quorum
//	who coordinates an update              cluster/core/coordination (forward.go); cluster/replica (takeover.go)
//	where copies of a key are merged       cluster/core/object (merge.go)
//	how FLUSHALL removes all keys          cluster/clear; cluster/core/object (clear.go), engine (clear.go)
//	where a tombstone is dropped           cluster/antientropy (reap.go) decides, engine (tombstone.go) removes
//	which nodes hold a key                 cluster/core/ring (preference.go)
//	how a join moves data                  cluster/handoff (mover.go, gain.go, release.go)
//	who belongs to the ring                cluster/membership (statestore.go, dissemination.go)
//	how a node gets its first ring         cluster/membership (bootstrap.go, founding.go, join.go)
//	how a node that moved is found         cluster/membership (search.go, exchange.go)
//	what an old or copied disk leads to    cluster/membership (identity.go); cluster/recovery
//	what a node sends to another           cluster/peer (kind.go lists the messages)
//	who answers a message                  register (serve.go) names the handlers to cluster/peer (mux.go)
//	where a command is added               a row and a handler in its family: server/stringcmd, server/keyspace, …; then drop
//	                                       its name from server/refused.go, and add a script to server/testdata/wire
//	where a route of the admin port is     admin (routes.go), its types in admin/api
//	where a setting is added               a row in cmd/quorate (config.go), or, for a number that CONFIG SET changes,
//	                                       in server (settings.go): see .github/CONTRIBUTING.md
//	where a cluster-wide setting is added  cluster/core/settings (policy.go)
//	how a setting reaches all nodes        cluster/settings (disseminator.go)
//	where faults are simulated             cluster/sim
//
// # Glossary
//
// actor: who makes versions: a node in one of its epochs.
//
// anti-entropy: background comparison of replicas by their Merkle trees, which copies
// what differs (the paper, section 4.7).
//
// background, foreground: the two classes of peer messages. A client waits for
// foreground messages; each class has its own stream.
//
// bound: of a node in a clear: the epoch below which all that the node has made is cleared.
//
// bootstrap: the ways in which a node gets its first ring: it founds one, joins one, or
// loads its own from disk.
//
// clear: what FLUSHALL removes, as one value for the whole cluster: a bound for each node. Its
// mark is a hash of it.
//
// conflict policy: the rule by which a plain read shows one of several siblings. It is a
// setting of the cluster.
//
// context: what a client has seen of a key: a version vector with gaps, given out as an
// opaque token and handed back with a write.
//
// coordinator: the node that carries out a request: for a write, the first reachable
// primary, or else a fallback.
//
// coverage: a read that needs every partition, such as SCAN or DBSIZE.
//
// dead: of an object or a sibling: deleted or expired. On disk, an object whose expired
// values are not stripped yet does not count as dead.
//
// digest: a 64-bit hash of a key and its encoded object. Equal digests mean equal
// copies. A ring state and the settings of the cluster have digests too.
//
// dissemination: bringing a change of the ring, or of the cluster's settings, to all
// members.
//
// done-mark: what a gaining node writes into the ring state when it holds all that it
// gains by a target.
//
// dot: (actor, counter): the one event that made one value. No dot is used twice.
//
// epoch: one span of a node's unbroken memory, within one start of the node. A node that
// cannot prove that it knows every version it has made starts a new epoch.
//
// exchange: one frame to one peer, and its answer.
//
// element: one field of a hash or one member of a set or sorted set, with the event that wrote it.
//
// fallback: a node that stands in for a primary that is down: the next healthy node on
// the walk.
//
// flip: the end of a transition: the target becomes the layout in force.
//
// floor: the lowest epoch that a node may go on counting in. It rises with each start.
//
// forward: a node that is no primary of a key sends the update to one that is.
//
// gaining: a node that is about to own a partition and is being filled. Writes go to it
// as well.
//
// gap: events of one actor that an object or a context does not know although its
// version vector covers them.
//
// grace: how long a tombstone is kept at least (--tombstone-grace).
//
// handoff: moving data to where it belongs: hints to their targets, and partitions to
// their new owners.
//
// hint: a write that a node keeps for another one, its target, until that one has it.
//
// HLC: hybrid logical clock. Its timestamps order values for "last write wins", and
// decide nothing else.
//
// incarnation: one start of a node, named by the first epoch that it may use. The ring
// remembers the newest of each member.
//
// layout: who owns which partition, as reads and writes use it. Layouts are numbered.
//
// leaf: one of the 1024 ranges of a partition's Merkle tree: the XOR of the digests of
// its objects.
//
// life: one run of a node's process.
//
// lineage: one of the separate memories of what a node has made: its own copies, and
// the hints for each target. Each lineage has its own epochs.
//
// member: a node that belongs to the ring, whether it answers or not.
//
// object: what is stored of one key: a version vector and siblings.
//
// N, R, W: how many nodes hold a key, how many of them a read waits for, and how many a
// write waits for.
//
// observation: how gossip sees another node, and since when.
//
// operation: long work with an id, progress and a way to cancel it: a transfer, a sync.
//
// origin: the identity of an update that one node issues and another one coordinates: a
// life of the node, and the time that its clock gave the update.
//
// partition: one of Q equal arcs of the slots. Q is a power of two and fixed when the
// cluster is made.
//
// place: a node's index in the walk of a key's partition, from 0. A token has a position
// on the ring, and a reader of stored keys has a cursor.
//
// preference list: the nodes of the walk from a key's partition, in order: primaries,
// then fallbacks.
//
// primary: one of the first N nodes of a partition's walk.
//
// read repair: writing the merged object to replicas that answered with an older one.
//
// reap: to remove a dead object for good, once no older copy can come back.
//
// receiving: a node that writes of a partition go to though it is no primary: it gains
// the partition, or would by an earlier target that may still be flipped to.
//
// rejoin: trying again and again to reach members that gossip has lost.
//
// seat: a member's part in a layout. Only members with a seat own tokens.
//
// settings of the cluster: what holds on all nodes besides the ring, as one document
// that merges. The settings of one node are its flags.
//
// sibling: one of several concurrent values of a key.
//
// slot: Redis Cluster's hash slot: CRC16 of the key, modulo 16384.
//
// sloppy quorum: a quorum in which fallbacks count.
//
// token: a partition's position on the ring, claimed by a node; also called a virtual
// node.
//
// state store: a node's copy of the ring state, saved on disk.
//
// strip: to drop the bytes of the expired values of an object, and to keep the rest.
//
// tombstone: a deletion, kept as a sibling without a value until it is safe to drop.
//
// transition: the time between a change of the members and the moment when every
// gaining node has its data. Ownership changes at its end.
//
// trim: forgetting the oldest entries of a long version vector.
//
// twins: two versions of one forwarded update, made by two coordinators. They are shown
// as one and replaced together.
//
// vacant: of a dead member's place: a fresh node of its name may take it.
//
// version vector: for each actor the highest counter that is known.
//
// wait time: how long a peer's answer may take before another node is asked.
//
// walk: the distinct nodes met clockwise from a partition, distinct zones first.
//
// word: an operator's last decision about a member: in, out or gone.
package cluster

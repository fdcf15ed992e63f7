package peer

// Kind is what a frame asks for. A reply carries its request's kind.
type Kind uint8

// All kinds of messages, with the package that sends and serves them. Their numbers are
// part of the wire format.
const (
	Write   Kind = 1 // objects to merge: cluster/replica, cluster/handoff
	Read    Kind = 2 // objects or digests wanted: cluster/replica
	Forward Kind = 3 // updates to coordinate: cluster/replica
	Scan    Kind = 4 // keys of a partition: cluster/coverage
	Count   Kind = 5 // figures of a node: cluster/coverage
	History Kind = 6 // versions of a key: cluster/coverage

	TakeOver Kind = 7 // may a node that has started coordinate computing updates? cluster/replica
	Age      Kind = 8 // how long has the life of the node lasted? cluster/replica
	Delta    Kind = 9 // deltas of objects to merge: cluster/replica

	RingPull Kind = 10 // the ring state, unless the sender has the same: cluster
	RingPush Kind = 11 // a ring state to merge: cluster
	Join     Kind = 12 // to become a member, the only kind that a stranger may send: cluster

	Identify Kind = 15 // who are you? asked of another process of the same node: cluster/membership

	SettingsPull Kind = 13 // the cluster's settings, unless the sender has the same: cluster/settings
	SettingsPush Kind = 14 // settings of the cluster to merge: cluster/settings

	ClearPrepare  Kind = 16 // a clear is about to come; what is stored? cluster/clear
	ClearBound    Kind = 17 // begin new epochs: below which is all that was made so far? cluster/clear
	ClearExchange Kind = 18 // a clear to take in; the answer is the other's: cluster/clear

	MerkleRoots Kind = 20 // roots of hash trees: cluster/antientropy, as all that follow
	MerkleNodes Kind = 21 // inner nodes of a tree
	LeafDigests Kind = 22 // digests of the keys of leaves
	Fetch       Kind = 23 // objects by key
	PushObjects Kind = 24 // objects to merge
	Objects     Kind = 25 // objects of whole leaves
	ReapAsk     Kind = 26 // may these tombstones be dropped?
	Reap        Kind = 27 // drop them
	Unrepaired  Kind = 28 // may the node lack what it has acknowledged?
	Heads       Kind = 29 // contexts and digests of large collections by key

	// Kinds from 200 up are the channel's own.
	kindPing     Kind = 200
	firstOwnKind Kind = 200
)

// Class separates what a client waits for from what it does not, so that the
// second never delays the first: each has a stream of its own.
type Class uint8

// The classes.
const (
	Foreground Class = iota
	Background
	classes = 2
)

// Lane is one of the foreground streams to a peer. A stream has one reader, which applies
// what arrives on it, so a node with many processors needs several to keep them busy. All
// requests about one partition go by one lane, so that they arrive in their order.
type Lane uint8

// MaxLanes bounds the lanes to one peer.
const MaxLanes = 8

// LanesFor returns how many lanes suit a node that has some processors for itself. On one
// or two, a second reader would only make batches smaller.
func LanesFor(processors int) int { return min(max(processors/2, 1), MaxLanes) }

// StreamsPerPeer returns how many streams a node opens to each of the others.
func StreamsPerPeer(lanes int) int { return lanes - 1 + classes }

func (c Class) String() string {
	if c == Foreground {
		return "foreground"
	}
	return "background"
}

package peer

// Kind says what a frame asks. A reply carries its request's kind.
type Kind uint8

// The kinds in use. Bodies belong to the packages that send and serve them.
const (
	Write   Kind = 1 // objects to merge: cluster/replica
	Read    Kind = 2 // objects or digests wanted: cluster/replica
	Forward Kind = 3 // requests to coordinate: cluster/replica
	Scan    Kind = 4 // keys of a partition: cluster
	Count   Kind = 5 // key counts: cluster
	History Kind = 6 // what happened to a key: cluster

	RingPull Kind = 10 // the ring state, unless it is the asker's: cluster
	RingPush Kind = 11 // a ring state to merge: cluster
	Join     Kind = 12 // to be taken into the ring; the only kind a stranger may send: cluster

	MerkleRoots Kind = 20 // 20 to 29: cluster/antientropy
	MerkleNodes Kind = 21
	LeafDigests Kind = 22
	Fetch       Kind = 23

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

func (c Class) String() string {
	if c == Foreground {
		return "foreground"
	}
	return "background"
}

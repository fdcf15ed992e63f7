package antientropy

import "sync/atomic"

// Stats counts what exchanges cost and what they made equal.
type Stats struct {
	Messages       int64 // requests sent
	Bytes          int64 // of requests and of their answers
	NodesCompared  int64 // hashes of Merkle nodes, roots and leaves included, that a peer was asked for
	LeavesCompared int64 // leaves whose keys were compared because their hashes differed
	KeysCompared   int64 // keys of those leaves that a peer listed
	KeysExchanged  int64 // keys whose objects differed and were made equal
	KeysUnderWay   int64 // large collections that differed by changes under way, and were left as they are
	KeysTaken      int64 // keys of those sent that were news to the peer
	KeysFailed     int64 // keys that one side could not merge: see the error that came with them

	// Partitions whose roots were compared, and this node's keys in them, which a
	// comparison without trees would have looked at.
	PartitionsCompared, NaiveKeys int64
}

// Add adds o to s.
func (s *Stats) Add(o Stats) {
	s.Messages += o.Messages
	s.Bytes += o.Bytes
	s.NodesCompared += o.NodesCompared
	s.LeavesCompared += o.LeavesCompared
	s.KeysCompared += o.KeysCompared
	s.KeysExchanged += o.KeysExchanged
	s.KeysUnderWay += o.KeysUnderWay
	s.KeysTaken += o.KeysTaken
	s.KeysFailed += o.KeysFailed
	s.PartitionsCompared += o.PartitionsCompared
	s.NaiveKeys += o.NaiveKeys
}

// counters are Stats that many goroutines add to.
type counters struct {
	messages, bytes, nodes, leaves, compared, keys, underWay, taken, failed, partitions, naive atomic.Int64
}

func (c *counters) add(s Stats) {
	c.messages.Add(s.Messages)
	c.bytes.Add(s.Bytes)
	c.nodes.Add(s.NodesCompared)
	c.leaves.Add(s.LeavesCompared)
	c.compared.Add(s.KeysCompared)
	c.keys.Add(s.KeysExchanged)
	c.underWay.Add(s.KeysUnderWay)
	c.taken.Add(s.KeysTaken)
	c.failed.Add(s.KeysFailed)
	c.partitions.Add(s.PartitionsCompared)
	c.naive.Add(s.NaiveKeys)
}

func (c *counters) load() Stats {
	return Stats{
		Messages:       c.messages.Load(),
		Bytes:          c.bytes.Load(),
		NodesCompared:  c.nodes.Load(),
		LeavesCompared: c.leaves.Load(),
		KeysCompared:   c.compared.Load(),
		KeysExchanged:  c.keys.Load(),
		KeysUnderWay:   c.underWay.Load(),
		KeysTaken:      c.taken.Load(),
		KeysFailed:     c.failed.Load(),

		PartitionsCompared: c.partitions.Load(), NaiveKeys: c.naive.Load(),
	}
}

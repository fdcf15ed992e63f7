package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Replicas tells of a node's hash trees, by which replicas are compared.
type Replicas interface {
	// MerkleRoots are the roots by partition; 0: empty.
	MerkleRoots() []uint64
	// MerkleReady says whether a partition's tree is complete.
	MerkleReady(ring.Partition) bool
	// MerkleKeys is how many keys a partition has here, deleted ones too.
	MerkleKeys(ring.Partition) int64
	// Inspect compares this node's copy with a member's, and changes nothing.
	Inspect(ctx context.Context, member ring.NodeID, p ring.Partition) (antientropy.Diff, error)
	// SyncAll makes this node's copies and those of all others equal.
	SyncAll(ctx context.Context) (antientropy.Stats, error)
}

// Roots is one node's answer to GET /api/merkle?local=1.
type Roots struct {
	Node      string            `json:"node"`
	Roots     map[string]string `json:"roots"`   // by partition, in hexadecimal; empty ones are left out
	Unready   []int             `json:"unready"` // partitions whose tree is being rebuilt
	Exchanges Exchanges         `json:"exchanges"`
}

// Exchanges is what comparing replicas cost since the nodes started, and what
// comparing them key by key would have cost.
type Exchanges struct {
	PartitionsCompared int64 `json:"partitions_compared"`
	NodesCompared      int64 `json:"nodes_compared"` // hashes of trees
	KeysCompared       int64 `json:"keys_compared"`  // of leaves that differed
	KeysExchanged      int64 `json:"keys_exchanged"`
	NaiveKeys          int64 `json:"naive_keys"`
}

func exchangesOf(s antientropy.Stats) Exchanges {
	return Exchanges{s.PartitionsCompared, s.NodesCompared, s.KeysCompared, s.KeysExchanged, s.NaiveKeys}
}

func (e *Exchanges) add(o Exchanges) {
	e.PartitionsCompared += o.PartitionsCompared
	e.NodesCompared += o.NodesCompared
	e.KeysCompared += o.KeysCompared
	e.KeysExchanged += o.KeysExchanged
	e.NaiveKeys += o.NaiveKeys
}

// Merkle is what GET /api/merkle answers.
type Merkle struct {
	Partitions int       `json:"partitions"`
	Leaves     int       `json:"leaves"` // of each partition's tree
	Nodes      []string  `json:"nodes"`  // that answered
	Missing    []string  `json:"missing"`
	Pairs      []Pair    `json:"pairs"`
	Exchanges  Exchanges `json:"exchanges"`
}

// Pair is how the copies of two nodes compare.
type Pair struct {
	A        string `json:"a"`
	B        string `json:"b"`
	Shared   int    `json:"shared"` // partitions that both are to hold
	InSync   int    `json:"in_sync"`
	Unknown  int    `json:"unknown"` // a tree is being rebuilt
	Diverged []int  `json:"diverged"`
}

func (s *Server) getMerkle(ctx context.Context, c *call) (any, error) {
	own := rootsOf(c.node)
	if c.local() {
		return own, nil
	}
	here := &standing{self: c.node.Name(), ring: c.node.Ring()}
	ctx, cancel := context.WithTimeout(ctx, fanoutTimeout)
	defer cancel()
	all, missing := askAll[Roots](ctx, s.ports, here.others(), http.MethodGet, same("/api/merkle?local=1"), nil)
	all[own.Node] = own
	out := Merkle{Partitions: here.ring.Partitions(), Leaves: engine.Leaves, Nodes: []string{}, Missing: missing, Pairs: pairsOf(here.ring, all)}
	for _, m := range here.ring.Members() {
		if a, ok := all[m.Name]; ok {
			out.Nodes = append(out.Nodes, m.Name)
			out.Exchanges.add(a.Exchanges)
		}
	}
	return out, nil
}

func rootsOf(node Node) Roots {
	out := Roots{Node: node.Name(), Roots: make(map[string]string), Unready: []int{}, Exchanges: exchangesOf(node.Repair().Exchanges)}
	for p, root := range node.MerkleRoots() {
		if !node.MerkleReady(ring.Partition(p)) {
			out.Unready = append(out.Unready, p)
		} else if root != 0 {
			out.Roots[strconv.Itoa(p)] = hash(root)
		}
	}
	return out
}

func hash(h uint64) string { return fmt.Sprintf("%016x", h) }

// pairsOf compares the roots of all pairs of nodes that answered and share
// partitions.
func pairsOf(now *ring.Ring, all map[string]Roots) []Pair {
	pairs := make(map[[2]string]*Pair)
	for p := range now.Partitions() {
		primaries := now.Primaries(ring.Partition(p))
		for i := range primaries {
			for k := range i {
				a, b := now.Name(primaries[i]), now.Name(primaries[k])
				if a > b {
					a, b = b, a
				}
				if pairs[[2]string{a, b}] == nil {
					pairs[[2]string{a, b}] = &Pair{A: a, B: b, Diverged: []int{}}
				}
				pairs[[2]string{a, b}].compare(p, all)
			}
		}
	}
	list := make([]Pair, 0, len(pairs))
	for _, pair := range pairs {
		list = append(list, *pair)
	}
	slices.SortFunc(list, func(x, y Pair) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return list
}

func (pair *Pair) compare(partition int, all map[string]Roots) {
	a, haveA := all[pair.A]
	b, haveB := all[pair.B]
	pair.Shared++
	at := strconv.Itoa(partition)
	switch {
	case !haveA || !haveB || slices.Contains(a.Unready, partition) || slices.Contains(b.Unready, partition):
		pair.Unknown++
	case a.Roots[at] == b.Roots[at]:
		pair.InSync++
	default:
		pair.Diverged = append(pair.Diverged, partition)
	}
}

// Difference is what GET /api/merkle/{partition} answers: where the copies of two
// nodes differ.
type Difference struct {
	Partition     int              `json:"partition"`
	A             string           `json:"a"`
	B             string           `json:"b"`
	InSync        bool             `json:"in_sync"`
	NodesCompared int64            `json:"nodes_compared"` // hashes, to find out
	NaiveKeys     int64            `json:"naive_keys"`     // keys, had there been no tree
	Leaves        []LeafDifference `json:"leaves"`
	Truncated     bool             `json:"truncated"` // more leaves or keys differ
}

// LeafDifference is a leaf whose hash differs.
type LeafDifference struct {
	Leaf int             `json:"leaf"`
	Keys []KeyDifference `json:"keys"`
}

// KeyDifference is a key that two nodes have different versions of: the clock of
// each; null where it has none.
type KeyDifference struct {
	Key
	A *string `json:"a"`
	B *string `json:"b"`
}

// getMerklePartition has one of the two nodes compare.
func (s *Server) getMerklePartition(ctx context.Context, c *call) (any, error) {
	now, p := c.node.Ring(), c.number("partition")
	if p >= now.Partitions() {
		return nil, fmt.Errorf("%w: partition is %d, want 0 to %d", errBadRequest, p, now.Partitions()-1)
	}
	a, b, err := c.pair(now.Primaries(ring.Partition(p)))
	if err != nil {
		return nil, err
	}
	switch self := c.node.Name(); {
	case self == a.Name:
		return c.inspect(ctx, a, b, ring.Partition(p))
	case self == b.Name:
		d, err := c.inspect(ctx, b, a, ring.Partition(p))
		d.turn()
		return d, err
	}
	path := fmt.Sprintf("/api/merkle/%d?%s", p, url.Values{"a": {a.Name}, "b": {b.Name}}.Encode())
	asked := a
	if !c.node.Alive(a.ID) {
		asked = b
	}
	var d Difference
	err = s.ports.ask(ctx, http.MethodGet, asked.AdminAddr, path, nil, &d)
	return d, err
}

// pair reads ?a= and ?b=; by default the first two primaries.
func (c *call) pair(primaries []ring.NodeID) (a, b ring.Member, err error) {
	now := c.node.Ring()
	var nodes [2]ring.Member
	for i, name := range []string{"a", "b"} {
		which := c.text(name)
		if which == "" {
			if i >= len(primaries) {
				return a, b, fmt.Errorf("%w: the partition has one replica only", errBadRequest)
			}
			which = now.Name(primaries[i])
		}
		if nodes[i], err = findMember(now, which); err != nil {
			return a, b, err
		}
	}
	if nodes[0].ID == nodes[1].ID {
		return a, b, fmt.Errorf("%w: a and b are the same node", errBadRequest)
	}
	return nodes[0], nodes[1], nil
}

// inspectTimeout is shorter than askTimeout, so that who asked the node that
// compares hears why it cannot.
const inspectTimeout = askTimeout / 2

// inspect compares this node's copy, a's, with b's.
func (c *call) inspect(ctx context.Context, a, b ring.Member, p ring.Partition) (Difference, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	diff, err := c.node.Inspect(ctx, b.ID, p)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, peer.ErrTimeout), errors.Is(err, peer.ErrUnavailable):
		return Difference{}, fmt.Errorf("%w: %s asked %s, over the link between their peer ports, and had no answer; is it down, or the link cut or slow? %w", errPeer, a.Name, b.Name, err)
	case err != nil:
		return Difference{}, err
	}
	out := Difference{
		Partition: int(p), A: a.Name, B: b.Name, InSync: len(diff.Leaves) == 0, NodesCompared: diff.NodesCompared,
		NaiveKeys: c.node.MerkleKeys(p), Leaves: make([]LeafDifference, 0, len(diff.Leaves)), Truncated: diff.Truncated,
	}
	names := newActors(c.node.Ring())
	for _, k := range diff.Keys {
		names.see(k.Ours, k.Theirs)
	}
	for _, leaf := range diff.Leaves {
		found := LeafDifference{Leaf: leaf, Keys: []KeyDifference{}}
		for _, k := range diff.Keys {
			if k.Leaf != leaf {
				continue
			}
			difference := KeyDifference{Key: keyOf(k.Key)}
			if k.Here {
				difference.A = clockText(names, k.Ours)
			}
			if k.There {
				difference.B = clockText(names, k.Theirs)
			}
			found.Keys = append(found.Keys, difference)
		}
		out.Leaves = append(out.Leaves, found)
	}
	return out, nil
}

func clockText(names *actors, v causal.Vector) *string {
	text := names.clock(v).String()
	return &text
}

// turn has a and b change places.
func (d *Difference) turn() {
	d.A, d.B = d.B, d.A
	for _, leaf := range d.Leaves {
		for i := range leaf.Keys {
			k := &leaf.Keys[i]
			k.A, k.B = k.B, k.A
		}
	}
}

// syncTimeout bounds an exchange by hand, on all nodes at once.
const syncTimeout = time.Minute

// Synced is what POST /api/merkle/sync answers.
type Synced struct {
	Nodes []SyncedNode `json:"nodes"`
}

// SyncedNode is what one node did.
type SyncedNode struct {
	Node          string `json:"node"`
	KeysExchanged int64  `json:"keys_exchanged"`
	Error         string `json:"error,omitempty"` // what could not be done
}

func (s *Server) postSync(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	here := &standing{self: c.node.Name(), ring: c.node.Ring()}
	var all []ring.Member
	if !c.local() {
		all = here.others()
	}
	nodes := make([]SyncedNode, len(all)+1)
	var wg sync.WaitGroup
	for i, m := range all {
		wg.Go(func() {
			var answer Synced
			nodes[i].Node = m.Name
			err := s.ports.ask(ctx, http.MethodPost, m.AdminAddr, "/api/merkle/sync?local=1", nil, &answer)
			switch {
			case err != nil:
				nodes[i].Error = err.Error()
			case len(answer.Nodes) == 1:
				nodes[i] = answer.Nodes[0]
			}
		})
	}
	stats, err := c.node.SyncAll(ctx)
	own := &nodes[len(all)]
	own.Node, own.KeysExchanged = here.self, stats.KeysExchanged
	if err != nil {
		own.Error = err.Error()
	}
	wg.Wait()
	slices.SortFunc(nodes, func(a, b SyncedNode) int { return cmp.Compare(a.Node, b.Node) })
	return Synced{Nodes: nodes}, nil
}

package topology

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/command"
)

// Handlers of CLUSTER and of commands that cluster-aware clients send.

// runClusterSlots serves CLUSTER SLOTS. It lists ranges of slots with the nodes that
// serve them, the coordinator first.
func runClusterSlots(_ context.Context, c *command.Call) {
	t := newTopology(c.Node.Store)
	rows := t.rows()
	c.Out.Array(len(rows))
	for i := range rows {
		r := &rows[i]
		c.Out.Array(2 + len(r.nodes))
		c.Out.Int(int64(r.first))
		c.Out.Int(int64(r.last))
		for _, id := range r.nodes {
			m, _ := t.ring.Member(id)
			host, port := clientAddr(&m)
			c.Out.Array(4)
			c.Out.Text(host)
			c.Out.Int(port)
			c.Out.Text(clusterID(id))
			c.Out.Map(0)
		}
	}
}

// runClusterShards serves CLUSTER SHARDS. It lists each combination of nodes with all
// ranges of slots that they serve, and the members that are down.
func runClusterShards(_ context.Context, c *command.Call) {
	t := newTopology(c.Node.Store)
	var shards [][]*slotRange
	for i := range t.ranges {
		r := &t.ranges[i]
		at := slices.IndexFunc(shards, func(shard []*slotRange) bool {
			return slices.Equal(shard[0].nodes, r.nodes) && slices.Equal(shard[0].down, r.down)
		})
		if at < 0 {
			shards = append(shards, []*slotRange{r})
			continue
		}
		shards[at] = append(shards[at], r)
	}
	c.Out.Array(len(shards))
	for _, shard := range shards {
		c.Out.Map(2)
		c.Out.Text("slots")
		c.Out.Array(2 * len(shard))
		for _, r := range shard {
			c.Out.Int(int64(r.first))
			c.Out.Int(int64(r.last))
		}
		c.Out.Text("nodes")
		c.Out.Array(len(shard[0].nodes) + len(shard[0].down))
		for i, id := range shard[0].nodes {
			role := "replica"
			if i == 0 {
				role = "master"
			}
			replyShardNode(c, t, id, role, "online")
		}
		for _, id := range shard[0].down {
			replyShardNode(c, t, id, "replica", "fail")
		}
	}
}

func replyShardNode(c *command.Call, t *topology, id ring.NodeID, role, health string) {
	m, _ := t.ring.Member(id)
	host, port := clientAddr(&m)
	c.Out.Map(7)
	c.Out.Text("id")
	c.Out.Text(clusterID(id))
	c.Out.Text("port")
	c.Out.Int(port)
	c.Out.Text("ip")
	c.Out.Text(host)
	c.Out.Text("endpoint")
	c.Out.Text(host)
	c.Out.Text("role")
	c.Out.Text(role)
	c.Out.Text("replication-offset")
	c.Out.Int(0)
	c.Out.Text("health")
	c.Out.Text(health)
}

// runClusterNodes serves CLUSTER NODES. Every member is a master there, for the
// slots that it coordinates.
func runClusterNodes(_ context.Context, c *command.Call) {
	t := newTopology(c.Node.Store)
	var text strings.Builder
	members := t.ring.Members()
	for i := range members {
		text.WriteString(t.line(&members[i]))
		text.WriteByte('\n')
	}
	c.Out.Verbatim(text.String())
}

// runClusterInfo serves CLUSTER INFO. A slot fails when none of its primaries
// answers: it can still be written to, but not read.
func runClusterInfo(_ context.Context, c *command.Call) {
	t := newTopology(c.Node.Store)
	failed := t.slots(func(r *slotRange) bool { return r.byFallback })
	state := "ok"
	if failed > 0 {
		state = "fail"
	}
	var text strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&text, "%s:%v\r\n", name, value) }
	line("cluster_state", state)
	line("cluster_slots_assigned", ring.Slots)
	line("cluster_slots_ok", ring.Slots-failed)
	line("cluster_slots_pfail", 0)
	line("cluster_slots_fail", failed)
	line("cluster_known_nodes", len(t.ring.Members()))
	line("cluster_size", t.coordinators())
	line("cluster_current_epoch", t.ring.LayoutNumber())
	line("cluster_my_epoch", t.ring.LayoutNumber())
	c.Out.Verbatim(text.String())
}

func runClusterMyID(_ context.Context, c *command.Call) {
	c.Out.Text(clusterID(c.Node.Store.ID()))
}

func runClusterKeySlot(_ context.Context, c *command.Call) {
	c.Out.Int(int64(ring.SlotOf(c.Args[2])))
}

// runClusterCountKeys serves CLUSTER COUNTKEYSINSLOT slot. It counts the keys of the
// cluster, not those of this node.
func runClusterCountKeys(ctx context.Context, c *command.Call) {
	slot, ok := number.ParseInt(c.Args[2])
	switch {
	case !ok:
		c.Out.Error(command.TextNotInteger)
		return
	case slot < 0 || slot >= ring.Slots:
		c.Out.Error("ERR Invalid slot")
		return
	}
	if keys, ok := slotKeys(c, ctx, slot, -1); ok {
		c.Out.Int(int64(len(keys)))
	}
}

// runClusterGetKeys serves CLUSTER GETKEYSINSLOT slot count, for the cluster as well.
func runClusterGetKeys(ctx context.Context, c *command.Call) {
	slot, isSlot := number.ParseInt(c.Args[2])
	count, isCount := number.ParseInt(c.Args[3])
	switch {
	case !isSlot || !isCount:
		c.Out.Error(command.TextNotInteger)
		return
	case slot < 0 || slot >= ring.Slots || count < 0:
		c.Out.Error("ERR Invalid slot or number of keys")
		return
	}
	keys, ok := slotKeys(c, ctx, slot, count)
	if !ok {
		return
	}
	c.Out.Array(len(keys))
	for _, key := range keys {
		c.Out.Value(key)
	}
}

// slotKeys lists keys of a slot. If it fails, it answers with the error and returns false.
func slotKeys(c *command.Call, ctx context.Context, slot, most int64) ([][]byte, bool) {
	ctx, cancel := context.WithTimeout(ctx, walkTimeout)
	defer cancel()
	keys, err := c.Node.Store.SlotKeys(ctx, ring.Slot(slot), int(min(most, maxSlotKeys)))
	if err != nil {
		c.Fail(err)
		return nil, false
	}
	return keys, true
}

// walkTimeout bounds a command that looks for the keys of a slot.
const walkTimeout = 10 * time.Second

// maxSlotKeys is the greatest number of keys in one reply.
const maxSlotKeys = 1 << 20

// runClusterLinks serves CLUSTER LINKS. It lists a stream to each member that answers.
func runClusterLinks(_ context.Context, c *command.Call) {
	t := newTopology(c.Node.Store)
	var linked []ring.NodeID
	for _, m := range t.ring.Members() {
		if m.ID != t.self && t.alive[m.ID] {
			linked = append(linked, m.ID)
		}
	}
	c.Out.Array(len(linked))
	for _, id := range linked {
		c.Out.Map(6)
		c.Out.Text("direction")
		c.Out.Text("to")
		c.Out.Text("node")
		c.Out.Text(clusterID(id))
		c.Out.Text("create-time")
		c.Out.Int(0) // not kept
		c.Out.Text("events")
		c.Out.Text("rw")
		c.Out.Text("send-buffer-allocated")
		c.Out.Int(0)
		c.Out.Text("send-buffer-used")
		c.Out.Int(0)
	}
}

// memberWithID finds a member by its id of 40 digits, or answers with an error.
func memberWithID(c *command.Call, id []byte) (ring.NodeID, bool) {
	for _, m := range c.Node.Store.Ring().Members() {
		if clusterID(m.ID) == strings.ToLower(string(id)) {
			return m.ID, true
		}
	}
	c.Out.Error(fmt.Sprintf("ERR Unknown node %s", command.Cut(id)))
	return 0, false
}

// runClusterReplicas serves CLUSTER REPLICAS and SLAVES. The list is empty: no member is
// a replica of another one.
func runClusterReplicas(_ context.Context, c *command.Call) {
	if _, known := memberWithID(c, c.Args[2]); known {
		c.Out.Array(0)
	}
}

// runClusterFailureReports serves CLUSTER COUNT-FAILURE-REPORTS. It counts this node's
// own view, 0 or 1.
func runClusterFailureReports(_ context.Context, c *command.Call) {
	if id, known := memberWithID(c, c.Args[2]); known {
		c.Out.Flag(!c.Node.Store.Alive(id))
	}
}

// runOK serves READONLY, READWRITE and ASKING, which change nothing: every node serves
// every key, and reads from R replicas.
func runOK(_ context.Context, c *command.Call) { c.Out.OK() }

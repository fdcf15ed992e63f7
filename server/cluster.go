package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/resp"
)

// CLUSTER and its kin: what cluster-aware clients go by.

// mode is how the node presents itself in HELLO and INFO.
func (s *Server) mode() string {
	if s.cfg.Standalone {
		return "standalone"
	}
	return "cluster"
}

type runFunc = func(context.Context, *session, *command, [][]byte)

// inCluster refuses a command as a Redis outside of a cluster does.
func inCluster(run runFunc) runFunc {
	return func(ctx context.Context, s *session, c *command, args [][]byte) {
		if s.server.cfg.Standalone {
			s.out.Error(textNoCluster)
			return
		}
		run(ctx, s, c, args)
	}
}

// runClusterSlots serves CLUSTER SLOTS: runs of slots, each with the nodes that
// serve it, the coordinator first.
func runClusterSlots(_ context.Context, s *session, _ *command, _ [][]byte) {
	t := newTopology(s.server.store)
	rows := t.rows()
	s.out.Array(len(rows))
	for i := range rows {
		r := &rows[i]
		s.out.Array(2 + len(r.nodes))
		s.out.Int(int64(r.first))
		s.out.Int(int64(r.last))
		for _, id := range r.nodes {
			m, _ := t.ring.Member(id)
			host, port := clientAddr(&m)
			s.out.Array(4)
			s.out.Text(host)
			s.out.Int(port)
			s.out.Text(clusterID(id))
			s.out.Map(0)
		}
	}
}

// runClusterShards serves CLUSTER SHARDS: the same, with all slots of one list of
// nodes together, and the members that are down.
func runClusterShards(_ context.Context, s *session, _ *command, _ [][]byte) {
	t := newTopology(s.server.store)
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
	s.out.Array(len(shards))
	for _, shard := range shards {
		s.out.Map(2)
		s.out.Text("slots")
		s.out.Array(2 * len(shard))
		for _, r := range shard {
			s.out.Int(int64(r.first))
			s.out.Int(int64(r.last))
		}
		s.out.Text("nodes")
		s.out.Array(len(shard[0].nodes) + len(shard[0].down))
		for i, id := range shard[0].nodes {
			role := "replica"
			if i == 0 {
				role = "master"
			}
			s.replyShardNode(t, id, role, "online")
		}
		for _, id := range shard[0].down {
			s.replyShardNode(t, id, "replica", "fail")
		}
	}
}

func (s *session) replyShardNode(t *topology, id ring.NodeID, role, health string) {
	m, _ := t.ring.Member(id)
	host, port := clientAddr(&m)
	s.out.Map(7)
	s.out.Text("id")
	s.out.Text(clusterID(id))
	s.out.Text("port")
	s.out.Int(port)
	s.out.Text("ip")
	s.out.Text(host)
	s.out.Text("endpoint")
	s.out.Text(host)
	s.out.Text("role")
	s.out.Text(role)
	s.out.Text("replication-offset")
	s.out.Int(0)
	s.out.Text("health")
	s.out.Text(health)
}

// runClusterNodes serves CLUSTER NODES. Every member is a master there, for the
// slots that it coordinates.
func runClusterNodes(_ context.Context, s *session, _ *command, _ [][]byte) {
	t := newTopology(s.server.store)
	var text strings.Builder
	members := t.ring.Members()
	for i := range members {
		text.WriteString(t.line(&members[i]))
		text.WriteByte('\n')
	}
	s.out.Verbatim(text.String())
}

// runClusterInfo serves CLUSTER INFO. A slot fails when none of its primaries
// answers: it can still be written to, but not read.
func runClusterInfo(_ context.Context, s *session, _ *command, _ [][]byte) {
	t := newTopology(s.server.store)
	failed := t.slots(func(r *slotRange) bool { return r.standIn })
	state := "ok"
	if failed > 0 {
		state = "fail"
	}
	var text infoText
	text.line("cluster_state", state)
	text.line("cluster_slots_assigned", ring.Slots)
	text.line("cluster_slots_ok", ring.Slots-failed)
	text.line("cluster_slots_pfail", 0)
	text.line("cluster_slots_fail", failed)
	text.line("cluster_known_nodes", len(t.ring.Members()))
	text.line("cluster_size", t.coordinators())
	text.line("cluster_current_epoch", t.ring.Epoch())
	text.line("cluster_my_epoch", t.ring.Epoch())
	s.out.Verbatim(text.String())
}

func runClusterMyID(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Text(clusterID(s.server.store.ID()))
}

func runClusterKeySlot(_ context.Context, s *session, _ *command, args [][]byte) {
	s.out.Int(int64(ring.SlotOf(args[2])))
}

// runClusterCountKeys serves CLUSTER COUNTKEYSINSLOT slot, for the whole
// cluster, whichever node is asked.
func runClusterCountKeys(ctx context.Context, s *session, _ *command, args [][]byte) {
	slot, ok := resp.ParseInt(args[2])
	switch {
	case !ok:
		s.out.Error(textNotInteger)
		return
	case slot < 0 || slot >= ring.Slots:
		s.out.Error("ERR Invalid slot")
		return
	}
	if keys, ok := s.slotKeys(ctx, slot, -1); ok {
		s.out.Int(int64(len(keys)))
	}
}

// runClusterGetKeys serves CLUSTER GETKEYSINSLOT slot count, likewise.
func runClusterGetKeys(ctx context.Context, s *session, _ *command, args [][]byte) {
	slot, isSlot := resp.ParseInt(args[2])
	count, isCount := resp.ParseInt(args[3])
	switch {
	case !isSlot || !isCount:
		s.out.Error(textNotInteger)
		return
	case slot < 0 || slot >= ring.Slots || count < 0:
		s.out.Error("ERR Invalid slot or number of keys")
		return
	}
	keys, ok := s.slotKeys(ctx, slot, count)
	if !ok {
		return
	}
	s.out.Array(len(keys))
	for _, key := range keys {
		s.out.Value(key)
	}
}

// slotKeys answers with the error if there is one.
func (s *session) slotKeys(ctx context.Context, slot, most int64) ([][]byte, bool) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	keys, err := s.server.store.SlotKeys(ctx, ring.Slot(slot), int(min(most, maxSlotKeys)))
	if err != nil {
		s.fail(err)
		return nil, false
	}
	return keys, true
}

// maxSlotKeys is the most keys that one reply lists, whatever was asked for.
const maxSlotKeys = 1 << 20

// runClusterLinks serves CLUSTER LINKS: one stream to each member that answers.
func runClusterLinks(_ context.Context, s *session, _ *command, _ [][]byte) {
	t := newTopology(s.server.store)
	var linked []ring.NodeID
	for _, m := range t.ring.Members() {
		if m.ID != t.self && t.alive[m.ID] {
			linked = append(linked, m.ID)
		}
	}
	s.out.Array(len(linked))
	for _, id := range linked {
		s.out.Map(6)
		s.out.Text("direction")
		s.out.Text("to")
		s.out.Text("node")
		s.out.Text(clusterID(id))
		s.out.Text("create-time")
		s.out.Int(0) // not kept
		s.out.Text("events")
		s.out.Text("rw")
		s.out.Text("send-buffer-allocated")
		s.out.Int(0)
		s.out.Text("send-buffer-used")
		s.out.Int(0)
	}
}

// memberCalled finds a member by its id of 40 digits, or answers with an error.
func (s *session) memberCalled(id []byte) (ring.NodeID, bool) {
	for _, m := range s.server.store.Ring().Members() {
		if clusterID(m.ID) == strings.ToLower(string(id)) {
			return m.ID, true
		}
	}
	s.out.Error(fmt.Sprintf("ERR Unknown node %s", cut(id)))
	return 0, false
}

// runClusterReplicas serves CLUSTER REPLICAS and SLAVES: no member follows
// another.
func runClusterReplicas(_ context.Context, s *session, _ *command, args [][]byte) {
	if _, known := s.memberCalled(args[2]); known {
		s.out.Array(0)
	}
}

// runClusterFailureReports serves CLUSTER COUNT-FAILURE-REPORTS: this node's own
// view is the only report there is.
func runClusterFailureReports(_ context.Context, s *session, _ *command, args [][]byte) {
	if id, known := s.memberCalled(args[2]); known {
		s.out.Flag(!s.server.store.Alive(id))
	}
}

// replyOK serves what changes nothing here, such as READONLY and ASKING: every
// node serves every key, and reads from R replicas whatever the connection says.
func replyOK(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.OK() }

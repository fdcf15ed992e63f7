package admin

import (
	"math"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/dashboard"
)

// streamPath is the path of the live stream, the one request without a deadline.
const streamPath = "/api/stream"

var (
	nodeParam  = param{name: "node", in: "path", kind: textParam, help: "A node's name, or its id."}
	keyParam   = param{name: "key", in: "path", kind: textParam, help: "The key, percent-encoded: any bytes; it may be empty."}
	localParam = param{name: "local", in: "query", kind: choiceParam, words: []string{"1"}, help: "1: only what this port knows by itself, without asking other ports."}
	ctxParam   = param{name: "context", in: "query", kind: textParam, help: "The versions that the writer has seen: the context of a read. Empty: none; absent: those that the coordinator knows."}
	viaParam   = param{name: "via", in: "query", kind: textParam, help: "The node that takes the request, by name or id; default: this port's."}
	wParam     = param{name: "w", in: "query", kind: numberParam, least: 1, most: ring.MaxReplicas, help: "Replicas that must have it; default: the cluster's W."}
)

// table returns every route of the API. The port serves and describes the API from this
// table alone. The probes, the metrics and the dashboard are not in it.
func (s *Server) table() []route {
	var (
		nodes      = &nodeHandlers{s.backend}
		chaos      = &chaosHandlers{s.backend}
		ringView   = &ringHandlers{s.backend}
		data       = &dataHandlers{s.backend}
		merkle     = &merkleHandlers{s.backend}
		gossip     = &gossipHandlers{s.backend}
		events     = &eventHandlers{s.backend}
		operations = &operationHandlers{s.backend}
		repairs    = &repairHandlers{s.backend}
		plans      = &planHandlers{s.backend}
		configured = &settingsHandlers{s.backend}
		problems   = &problemHandlers{s.backend, s.monitor}
		histories  = &historyHandlers{s.backend, s.history}
	)
	return []route{
		{
			method: "GET", path: "/api/cluster", summary: "The cluster as one node sees it: members, quorums, data held by each node, faults on links.",
			params: []param{localParam}, answer: api.Cluster{}, handle: nodes.getCluster,
		},
		{
			method: "POST", path: "/api/cluster/config", summary: "Changes N, R and W of the whole cluster while it runs, and answers them with what the number of members allows. They hold for what is written from then on: a read may miss an older write, acknowledged by W replicas as it was, until the replicas are equal.",
			body: api.QuorumChange{}, answer: api.QuorumAnswer{}, needsNode: true, handle: nodes.postConfig,
		},
		{
			method: "GET", path: "/api/settings", summary: "The settings of the whole cluster besides N, R and W, as one node has them: who changed each one last.",
			answer: api.Settings{}, needsNode: true, handle: configured.getSettings,
		},
		{
			method: "PUT", path: "/api/settings/{setting}", summary: "Changes a setting of the whole cluster: it is saved here, then told to every node. Of two changes at once, one wins everywhere.",
			params: []param{{name: "setting", in: "path", kind: choiceParam, words: []string{settings.ConflictResolution}, help: "The setting. conflict-resolution: lww, merge or error."}},
			body:   api.SettingChange{}, answer: api.Setting{}, needsNode: true, handle: configured.putSetting,
		},
		{
			method: "POST", path: "/api/nodes", summary: "Adds a node: one on standby at an admin address or, in a demo, a new one.",
			body: api.AddNodeRequest{}, answer: api.MemberChange{}, status: http.StatusAccepted, fails: []int{409, 502}, needsNode: true, handle: nodes.postNodes,
		},
		{
			method: "DELETE", path: "/api/nodes/{node}", summary: "Takes a node off the ring: a live node moves its data first and leaves; the data of a dead node is copied anew by the others.",
			params: []param{nodeParam, {name: "how", in: "query", kind: choiceParam, words: []string{"leave", "remove"}, help: "Accept only this way; default: by the state of the node."}},
			answer: api.MemberChange{}, fails: []int{404, 409}, needsNode: true, handle: nodes.deleteNode,
		},
		{
			method: "POST", path: "/api/nodes/{node}/replace", summary: "Lets a fresh node take the place of a dead one: the next node that joins under its name, from an empty data directory, gets its tokens and is filled by the others. No other data moves. If the dead node itself comes back first, it keeps its place.",
			params: []param{nodeParam}, answer: api.MemberChange{}, fails: []int{404, 409}, needsNode: true, handle: nodes.postReplace,
		},
		{
			method: "POST", path: "/api/nodes/{node}/kill", summary: "Stops a node as a crash would. Its port stays.",
			params: []param{nodeParam}, answer: api.NodeState{}, fails: []int{403, 404, 409}, handle: chaos.postKill,
		},
		{
			method: "POST", path: "/api/nodes/{node}/revive", summary: "Starts a killed node again from its directory, or from an empty one.",
			params: []param{nodeParam}, body: api.ReviveRequest{}, answer: api.NodeState{}, fails: []int{403, 404, 409}, handle: chaos.postRevive,
		},
		{
			method: "POST", path: "/api/nodes/{node}/partition", summary: "Cuts the links between a node and others, both ways or one.",
			params: []param{nodeParam}, body: api.CutRequest{}, answer: api.LinkFaults{}, fails: []int{403, 404}, handle: chaos.postCut,
		},
		{
			method: "POST", path: "/api/nodes/{node}/slow", summary: "Makes the links between a node and others slow and lossy, both ways.",
			params: []param{nodeParam}, body: api.SlowRequest{}, answer: api.LinkFaults{}, fails: []int{403, 404}, handle: chaos.postSlow,
		},
		{
			method: "POST", path: "/api/nodes/{node}/heal", summary: "Removes all faults from the links of a node.",
			params: []param{nodeParam}, body: struct{}{}, answer: api.LinkFaults{}, fails: []int{403, 404}, handle: chaos.postHealNode,
		},
		{
			method: "POST", path: "/api/nodes/{node}/clock", summary: "Sets the wall clock of a node off, by 30 seconds at most, until it is set right or the node's process ends. The node's time goes on from there.",
			params: []param{nodeParam}, body: api.ClockRequest{}, answer: api.NodeClock{}, fails: []int{403, 404}, handle: chaos.postClock,
		},
		{
			method: "POST", path: "/api/nodes/{node}/disk", summary: "Makes the disk of a node count as full, until it is told otherwise or the node is started again: the node refuses writes and answers reads. Nothing is written for it.",
			params: []param{nodeParam}, body: api.DiskRequest{}, answer: api.NodeDisk{}, fails: []int{403, 404, 503}, handle: chaos.postDisk,
		},
		{
			method: "POST", path: "/api/hints/hold", summary: "Holds hints on all nodes that answer: they are stored, and not delivered. A hold ends when it is released, when the node starts again, and after ten minutes.",
			params: []param{localParam}, body: struct{}{}, answer: api.HintHold{}, fails: []int{403}, needsNode: true, handle: chaos.postHold,
		},
		{
			method: "POST", path: "/api/hints/release", summary: "Releases held hints on all nodes that answer: they are delivered now.",
			params: []param{localParam}, body: struct{}{}, answer: api.HintHold{}, needsNode: true, handle: chaos.postRelease,
		},
		{
			method: "POST", path: "/api/partition", summary: "Splits the cluster into groups that cannot reach each other.",
			body: api.SplitRequest{}, answer: api.LinkFaults{}, fails: []int{403, 404}, handle: chaos.postSplit,
		},
		{
			method: "POST", path: "/api/heal", summary: "Removes all faults from all links.",
			body: struct{}{}, answer: api.LinkFaults{}, fails: []int{403}, handle: chaos.postHeal,
		},
		{
			method: "GET", path: "/api/ring", summary: "The owner and the primaries of each partition, and the owners after a change under way.",
			answer: api.Ring{}, needsNode: true, handle: ringView.getRing,
		},
		{
			method: "GET", path: "/api/ring/key/{key}", summary: "Where a key lives: slot, partition, preference list, and the node that would coordinate a write.",
			params: []param{keyParam}, answer: api.KeyPlace{}, needsNode: true, handle: ringView.getRingKey,
		},
		{
			method: "GET", path: "/api/partitions", summary: "What each node holds of each partition: keys and bytes.",
			params: []param{localParam}, answer: api.Partitions{}, needsNode: true, handle: plans.getPartitions,
		},
		{
			method: "GET", path: "/api/plan/{change}/{node}", summary: "What a change of the members would move, before it is made: partitions, keys and bytes, of each node. Nothing is changed.",
			params: []param{
				{name: "change", in: "path", kind: choiceParam, words: []string{string(ring.PlanJoin), string(ring.PlanLeave), string(ring.PlanRemove), string(ring.PlanReplace)}, help: "What is to be done."},
				nodeParam,
				{name: "zone", in: "query", kind: textParam, help: "Of a node that joins: its zone."},
			},
			answer: api.Plan{}, fails: []int{404, 409}, needsNode: true, handle: plans.getPlan,
		},
		{
			method: "GET", path: "/api/data", summary: "Keys of the whole cluster, page by page.",
			params: []param{
				{name: "cursor", in: "query", kind: textParam, help: "The cursor of the previous page; 0 or absent: the first page."},
				{name: "count", in: "query", kind: numberParam, least: 1, most: 1000, otherwise: 100, help: "About how many keys to look at."},
				{name: "match", in: "query", kind: textParam, help: "Only keys that match this glob, as Redis's SCAN has it."},
			},
			answer: api.KeyPage{}, fails: []int{503}, needsNode: true, handle: data.getKeys,
		},
		{
			method: "GET", path: "/api/data/{key}", summary: "Reads a key: the resolved value, all siblings, the context to write with, and the trace of the read. 404, with the same body, if there is no value.",
			params: []param{keyParam, viaParam, {name: "r", in: "query", kind: numberParam, least: 1, most: ring.MaxReplicas, help: "Replicas that must answer; default: the cluster's R."}},
			answer: api.ReadAnswer{}, fails: []int{404, 502, 503}, needsNode: true, handle: data.getData,
		},
		{
			method: "PUT", path: "/api/data/{key}", summary: "Writes a key: the body is the value or, with Content-Type application/json, an object with the value and the settings of the write.",
			params: []param{keyParam, viaParam, wParam, ctxParam, {name: "ttl_ms", in: "query", kind: numberParam, least: 1, most: math.MaxInt, help: "Milliseconds to live."}},
			body:   api.WriteRequest{}, rawBody: true, longBody: true, answer: api.WriteAnswer{}, fails: []int{404, 409, 413, 502, 503}, needsNode: true, handle: data.putData,
		},
		{
			method: "DELETE", path: "/api/data/{key}", summary: "Deletes a key, or what a context covers of it.",
			params: []param{keyParam, viaParam, wParam, ctxParam}, answer: api.DeleteAnswer{}, fails: []int{404, 409, 502, 503}, needsNode: true, handle: data.deleteData,
		},
		{
			method: "GET", path: "/api/versions/{key}", summary: "The history of a key: its versions, their clocks and parents, as far as the nodes still have them.",
			params: []param{keyParam}, answer: api.Versions{}, needsNode: true, handle: data.getVersions,
		},
		{
			method: "GET", path: "/api/merkle", summary: "Which replicas of which partitions are equal, by the roots of their Merkle trees.",
			params: []param{localParam}, answer: api.Merkle{}, needsNode: true, handle: merkle.getMerkle,
		},
		{
			method: "GET", path: "/api/merkle/{partition}", summary: "Where two replicas of a partition differ: leaves and keys. Nothing is changed.",
			params: []param{
				{name: "partition", in: "path", kind: numberParam, most: ring.Slots - 1, help: "The partition."},
				{name: "a", in: "query", kind: textParam, help: "One node; default: the first primary."},
				{name: "b", in: "query", kind: textParam, help: "The other; default: the second primary."},
				{name: "leaves", in: "query", kind: textParam, help: "With local: the numbers of leaves, separated by commas, whose keys are listed."},
				localParam,
			},
			answer: api.Difference{}, fails: []int{404, 502, 503, 504}, needsNode: true, handle: merkle.getMerklePartition,
		},
		{
			method: "POST", path: "/api/merkle/sync", summary: "Makes all replicas equal now, and waits for it.",
			params: []param{localParam}, body: struct{}{}, answer: api.SyncAnswer{}, timeout: syncTimeout, needsNode: true, handle: merkle.postSync,
		},
		{
			method: "POST", path: "/api/repair/pause", summary: "Pauses anti-entropy on all nodes that answer: they compare no copies on schedule. A node that starts again is not paused. Hints, read repair and the moves of partitions go on.",
			params: []param{localParam}, body: struct{}{}, answer: api.RepairPause{}, needsNode: true, handle: repairs.postPause,
		},
		{
			method: "POST", path: "/api/repair/resume", summary: "Resumes anti-entropy on all nodes that answer: they compare all copies now.",
			params: []param{localParam}, body: struct{}{}, answer: api.RepairPause{}, needsNode: true, handle: repairs.postResume,
		},
		{
			method: "GET", path: "/api/operations", summary: "Long work of all nodes, the newest first: what is moved or synchronized, its progress, and what delays it; and the state of repair on each node.",
			params: []param{localParam}, answer: api.Operations{}, needsNode: true, handle: operations.getOperations,
		},
		{
			method: "DELETE", path: "/api/operations/{operation}", summary: "Cancels an operation, and answers its state; one that has ended stays as it is. A transfer that is cancelled begins again by itself after a minute, because the ring still asks for it.",
			params: []param{{name: "operation", in: "path", kind: textParam, help: "The operation's id."}},
			answer: api.Operation{}, fails: []int{404, 502}, needsNode: true, handle: operations.deleteOperation,
		},
		{
			method: "GET", path: "/api/problems", summary: "What is wrong in the cluster now, by the reports of all nodes: a list of problems, each with what follows from it and what to do. An empty list: nothing.",
			answer: api.Problems{}, needsNode: true, handle: problems.getProblems,
		},
		{
			method: "GET", path: "/api/history", summary: "What each node did in the last hour: rates and latencies, every ten seconds, in columns. A process keeps them for its own node while it runs.",
			params: []param{localParam}, answer: api.History{}, handle: histories.getHistory,
		},
		{
			method: "GET", path: "/api/gossip", summary: "How each node sees the others, by gossip and by its streams to them, and when each node learned of the changes of the ring.",
			params: []param{localParam}, answer: api.Gossip{}, needsNode: true, handle: gossip.getGossip,
		},
		{
			method: "GET", path: "/api/events", summary: "The newest lines of all nodes' logs, from Info up.",
			params: []param{
				{name: "after", in: "query", kind: textParam, help: "Only events after the one with this id."},
				{name: "limit", in: "query", kind: numberParam, least: 1, most: maxEvents, otherwise: 200, help: "The largest number of events; the newest are kept."},
				{name: "node", in: "query", kind: textParam, help: "Only of this node."},
				{name: "kind", in: "query", kind: textParam, help: "Only of this component."},
				{name: "level", in: "query", kind: choiceParam, words: []string{"info", "warn", "error"}, help: "Only of this level."},
				localParam,
			},
			answer: api.Events{}, handle: events.getEvents,
		},
		{
			method: "GET", path: streamPath, summary: "Live, as server-sent events: cluster (as GET /api/cluster), log (one event), load (rates and latencies of each node), each second.",
			answer: "", media: "text/event-stream", fails: []int{503}, serve: s.streams.getStream,
		},
		{
			method: "GET", path: "/api/node", summary: "What this port knows of its own node; other ports request it.",
			params: []param{
				{name: "after", in: "query", kind: textParam, help: "Include the events after the one with this id."},
				{name: "detail", in: "query", kind: choiceParam, words: []string{"1"}, help: "1: include what problems are found by."},
			},
			answer: api.Node{}, handle: nodes.getNode,
		},
		{
			method: "PUT", path: "/api/node/links", summary: "Replaces the faults of this process on links, by peer address; sent by other ports.",
			body: api.FaultTable{}, answer: api.FaultTable{}, longBody: true, fails: []int{403}, handle: chaos.putLinks,
		},
		{
			method: "POST", path: "/api/node/join", summary: "Makes the node on standby here join a cluster; sent by other ports.",
			body: api.JoinRequest{}, answer: api.MemberChange{}, status: http.StatusAccepted, fails: []int{409}, handle: nodes.postJoin,
		},
		{
			method: "POST", path: "/api/node/drain", summary: "Makes this port's node refuse new clients, because it is about to be stopped; its readiness probe fails. A node that starts again takes clients.",
			body: struct{}{}, answer: api.Drain{}, handle: nodes.postDrain,
		},
		{
			method: "DELETE", path: "/api/node/drain", summary: "Makes this port's node take clients again.",
			answer: api.Drain{}, handle: nodes.deleteDrain,
		},
		{
			method: "GET", path: "/api/observe/alerts.yml", summary: "Alert rules for Prometheus, each with a line that says what to do.",
			answer: "", media: yamlMedia, serve: getAlerts,
		},
		{
			method: "GET", path: "/api/observe/grafana.json", summary: "A dashboard for Grafana, with a Prometheus as its data source.",
			answer: map[string]any{}, serve: getGrafana,
		},
		{
			method: "GET", path: "/api/openapi.json", summary: "This description, as OpenAPI 3.1.",
			answer: map[string]any{}, handle: s.getOpenAPI,
		},
	}
}

// guarded returns the handler of everything that requires the token.
func (s *Server) guarded() http.Handler {
	api := s.dispatch(s.table())
	rest := http.NewServeMux()
	rest.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{s.cfg.Metrics, s.monitor.metrics}, promhttp.HandlerOpts{}))
	if s.cfg.Pprof {
		rest.HandleFunc("GET /debug/pprof/", pprof.Index)
		rest.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		rest.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		rest.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		rest.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	page := dashboard.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch h, pattern := rest.Handler(r); {
		case strings.HasPrefix(r.URL.Path, "/api/"):
			api.ServeHTTP(w, r)
		case pattern != "":
			rest.ServeHTTP(w, r)
		case read && !strings.HasPrefix(r.URL.Path, "/debug/"):
			page.ServeHTTP(w, r)
		default:
			refuseMethod(w, r, h)
		}
	})
}

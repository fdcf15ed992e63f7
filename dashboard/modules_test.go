package dashboard_test

import "testing"

// What the modules decide without a page, asked of them in the browser that runs
// them.
func TestBrowser_Modules_DecideRightly(t *testing.T) {
	_, b := openFake(t)
	for _, c := range []struct{ what, module, expression, want string }{
		{"a slot as Redis Cluster has it", "hash", `m.slotOf(new TextEncoder().encode("123456789"))`, "12739"},
		{"a hash tag", "hash", `m.slotOf(new TextEncoder().encode("{user1000}.following")) === m.slotOf(new TextEncoder().encode("user1000"))`, "true"},
		{"an empty hash tag is no tag", "hash", `m.slotOf(new TextEncoder().encode("foo{}{bar}"))`, "8363"},
		{"partitions that two nodes share, whoever owns the tokens", "merkle", `[0, 1].map((p) => m.shares({owners: ["A", "B"], primaries: [["A", "C"], ["B", "A"]]}, p, {a: "A", b: "B"})).join()`, "false,true"},
		{"a partition's place with zones is the cluster's answer", "ringtext", `m.partitionSentence({partitions: 2, owners: ["A", "B"], primaries: [["A", "C"], ["B", "A"]]}, 0, true)`,
			"Partition 0 holds slots 0 to 8191; A owns its token. Its keys live on A and C, the first nodes met clockwise, from different zones where there are enough."},
		{"a partition's place without zones", "ringtext", `m.partitionSentence({partitions: 2, owners: ["A", "B"], primaries: [["A", "B"], ["B", "A"]]}, 1, false)`,
			"Partition 1 holds slots 8192 to 16383; B owns its token. Its keys live on B and A, the first 2 nodes met clockwise."},
		{"a comparison that paid", "merkle", `m.exchangesSentence({nodes_compared: 90, keys_compared: 10, naive_keys: 1000, keys_exchanged: 1})`,
			"So far 90 tree nodes and 10 keys were compared; key by key it would have been 1,000 (10 % of that). 1 key was exchanged."},
		{"a comparison that did not pay is no share of less", "merkle", `m.exchangesSentence({nodes_compared: 1921, keys_compared: 0, naive_keys: 1, keys_exchanged: 0})`,
			"So far 1,921 tree nodes and 0 keys were compared; key by key it would have been 1: with so little data the trees do not pay yet. 0 keys were exchanged."},
		{"nothing to compare", "merkle", `m.exchangesSentence({nodes_compared: 5, keys_compared: 0, naive_keys: 0, keys_exchanged: 0})`,
			"So far 5 tree nodes and 0 keys were compared; key by key it would have been 0. 0 keys were exchanged."},
		{"a descent to one of few keys", "descent", `m.cost({nodes_compared: 21, naive_keys: 1}, 1024)`, "21 hashes of 1,365 were compared, 336 bytes in all. There is only 1 key: with so little data the trees do not pay yet."},
		{"the walk of a key with zones", "ringtext", `m.walkSentence({slot: 7, partition: 0, preference_list: ["A", "C", "D"].map((node, i) => ({node, role: i < 2 ? "primary" : "fallback", alive: true}))}, true)`,
			"Hashed to slot 7, in partition 0; walking clockwise from there, A and C are the first of different zones and keep it. D would stand in first."},
		{"what reads and writes stand", "quorum", `m.consequences({n: 3, r: 2, w: 1}, 5, 5).slice(1).map((x) => x.text).join(" ")`,
			"A read goes on while 1 of a key's 3 replicas is down. Writes go on until 5 more nodes fail: any healthy node takes a dead replica's place and keeps a hint (sloppy quorum)."},
		{"a read that needs all", "quorum", `m.consequences({n: 3, r: 3, w: 3}, 3, 3)[1].text`, "A read needs all 3 replicas of a key."},
		{"the nodes that a descent draws", "descent", `m.rowsOf([{compared: 1, differing: [{index: 0, a: "x", b: "y"}]}, {compared: 4, differing: [{index: 1}, {index: 3}]}, {compared: 8, differing: [{index: 13}]}]).map((r) => r.nodes.map((n) => n.index + "<" + n.parent + (n.hashes ? "!" : "")).join(" ")).join("; ")`,
			"0<-1!; 0<0 1<0! 2<0 3<0!; 4<1 5<1 6<1 7<1 12<3 13<3! 14<3 15<3"},
		{"a descent that is too wide to be drawn whole", "descent", `((r) => [r.nodes.length, r.more].join())(m.rowsOf([{compared: 1, differing: [{index: 0}]}, {compared: 4, differing: [0, 1, 2, 3].map((index) => ({index}))}, {compared: 16, differing: Array.from({length: 16}, (_, index) => ({index}))}, {compared: 64, differing: []}]).at(-1))`, "16,48"},
		{"any byte in a path", "text", `m.inPath("a/é .", "utf8")`, "a%2F%C3%A9%20%2E"},
		{"a binary key in a path", "text", `m.inPath("/w==", "base64")`, "%FF"},
		{"bytes that are no text", "text", `m.shown("/wA=", "base64")`, "ff 00"},
		{"carts are united", "siblings", `m.merge([{value: '["a","b"]'}, {value: '["b","c"]'}])`, `["a","b","c"]`},
		{"objects are united", "siblings", `m.merge([{value: '{"a":1}'}, {value: '{"b":2}'}])`, `{"a":1,"b":2}`},
		{"texts are put in lines, the deleted left out", "siblings", `m.merge([{value: "x"}, {value: "y"}, {tombstone: true}])`, "x\ny"},
		{"R over N", "quorum", `m.consequences({n: 3, r: 4, w: 1}, 5, 5)[0].text`, "R cannot be more than N: there are only 3 replicas to ask."},
		{"quorums that meet", "quorum", `m.consequences({n: 3, r: 2, w: 2}, 5, 5)[0].kind`, "good"},
		{"quorums that miss each other", "quorum", `m.consequences({n: 3, r: 1, w: 2}, 5, 5)[0].kind`, "warn"},
		{"too few nodes for W", "quorum", `m.consequences({n: 3, r: 1, w: 3}, 5, 2).some((x) => x.text.startsWith("Writes fail now"))`, "true"},
		{"fewer members than N", "quorum", `m.consequences({n: 3, r: 2, w: 2}, 1, 1).at(-1).text`, "Only 1 member: N is 1 until there are 3."},
		{"quorums that all nodes have", "quorum", `m.inForce({n: 3, r: 1, w: 3, effective: {n: 3, r: 1, w: 3}})`, "In force: N 3, R 1, W 3, on every node."},
		{"quorums that wait for more nodes", "quorum", `m.inForce({n: 9, r: 4, w: 6, effective: {n: 5, r: 4, w: 5}})`, "Set: N 9, R 4, W 6. In force until there are 9 nodes: N 5, R 4, W 5."},
		{"a fork and a join", "dag", `(({nodes, edges, columns, lanes}) => [nodes.map((n) => n.column + "/" + n.lane).join(" "), edges.length, columns, lanes].join("; "))(
			m.place([{id: "A:1"}, {id: "A:2", parents: ["A:1"]}, {id: "B:1", parents: ["A:1"]}, {id: "A:3", parents: ["A:2", "B:1"]}]))`, "0/0 1/0 1/1 2/0; 4; 3; 2"},
		{"neighbouring tokens of one owner are one arc", "ringshape", `[...m.bands(["A", "A", "B", "B"], m.BAND)].map(([o, d]) => o + (d.match(/M/g)).length).join()`, "A1,B1"},
		{"an interval's top", "plot", `[0.3, 7, 12, 999].map(m.nice).join()`, "0.5,10,20,1000"},
		{"a quorum is reached by the answer that completes it", "ringpath", `((p) => p.reached !== null && p.marks.some((x) => x.kind === "hint" && x.for === "C") && p.marks.some((x) => x.kind === "dead" && x.node === "C"))(
			m.script({node: "A", coordinator: "A", need: 2, got: 2, steps: [
				{at_us: 1, took_us: 10, node: "A", action: "apply", outcome: "ok"},
				{at_us: 1, took_us: 0, node: "C", action: "skip", outcome: "down"},
				{at_us: 2, took_us: 50, node: "D", action: "hint", for: "C", outcome: "ok"}]}))`, "true"},
		{"no quorum", "ringpath", `m.script({node: "A", coordinator: "A", need: 2, got: 1, steps: [{at_us: 1, took_us: 10, node: "A", action: "apply", outcome: "ok"}]}).reached`, "null"},
	} {
		if got := b.eval(`import("./js/` + c.module + `.js").then((m) => ` + c.expression + `)`); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

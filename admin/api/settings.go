package api

// Settings is the answer of GET /api/settings: what holds for the whole cluster, as one
// node has it.
type Settings struct {
	Digest   string    `json:"digest"` // equal on all nodes that have the same settings
	Settings []Setting `json:"settings"`
}

// Setting is one setting of the whole cluster, also one that the node's version does not
// know.
type Setting struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Version uint64 `json:"version"` // the greater version wins
	Writer  string `json:"writer"`  // the node that changed it last; empty: a flag of the founders
}

// SettingChange is the body of PUT /api/settings/{setting}.
type SettingChange struct {
	Value string `json:"value"`
}

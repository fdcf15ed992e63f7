package gossip

import (
	"strconv"
	"strings"

	"github.com/quorate/quorate/cluster/core/ring"
)

// The metadata of a node are four lines: the instance, the client address, the admin
// address, and the digest of its settings of the cluster as 16 hexadecimal digits. Nodes
// of older versions send the first three, or nothing; no node reads those, since the ring
// has the same.
const (
	metaLines    = 4
	digestDigits = 16
)

// encodeMeta returns metadata that fit limit. Where the addresses are too long for that,
// their lines are empty.
func encodeMeta(lines []string, digest uint64, limit int) []byte {
	hex := strconv.FormatUint(digest, 16)
	hex = strings.Repeat("0", digestDigits-len(hex)) + hex
	meta := strings.Join(append(lines, hex), "\n")
	if len(meta) > limit {
		meta = strings.Repeat("\n", metaLines-1) + hex
	}
	return []byte(meta)
}

// digestOf returns the digest of the settings in a node's metadata; 0: there is none.
func digestOf(meta []byte) uint64 {
	lines := strings.Split(string(meta), "\n")
	if len(lines) < metaLines || len(lines[metaLines-1]) != digestDigits {
		return 0
	}
	digest, err := strconv.ParseUint(lines[metaLines-1], 16, 64)
	if err != nil {
		return 0
	}
	return digest
}

func (g *Gossip) hearMeta(from ring.NodeID, meta []byte) {
	if digest := digestOf(meta); digest != 0 {
		g.cfg.Settings.Behind(from, digest)
	}
}

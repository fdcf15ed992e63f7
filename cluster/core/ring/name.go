package ring

import (
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/causal"
)

// NodeID identifies a node in all stored and sent forms. It is the hash of the
// node's name. Zero means no node.
type NodeID = causal.NodeID

// MaxName is the length limit of a node's name: a DNS label's, and short enough
// for gossip metadata.
const MaxName = 63

// ErrBadName is returned by [ValidName].
var ErrBadName = errors.New("bad node name")

// IDOf returns the id of the node called name. It is never zero.
func IDOf(name string) NodeID {
	if h := xxhash.Sum64String(name); h != 0 {
		return NodeID(h)
	}
	return 1
}

// ValidName reports, by an error that wraps [ErrBadName], why name cannot be a
// node's: it must be 1 to [MaxName] characters of A-Z a-z 0-9 . _ -
func ValidName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("%w: %d characters, want 1 to %d", ErrBadName, len(name), MaxName)
	}
	for i := range len(name) {
		if !nameByte(name[i]) {
			return fmt.Errorf("%w: %q is not one of A-Z a-z 0-9 . _ -", ErrBadName, name[i])
		}
	}
	return nil
}

func nameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '.' || c == '_' || c == '-'
}

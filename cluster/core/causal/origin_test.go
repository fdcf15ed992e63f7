package causal

import "testing"

// A coordinator takes an update whose origin it knows for one that it has carried out. So
// no two starts of a node may have the same life, though its clock is set back to the very
// instant of an earlier start, or its disk is lost and it counts its epochs anew.
func TestLifeOf_NodeStartsAgain_IsAnotherLife(t *testing.T) {
	seen := make(map[Life]string)
	for _, c := range []struct {
		name  string
		node  NodeID
		first Epoch
		at    Timestamp
	}{
		{"a start", 7, 100, 5000},
		{"the next, with the clock set back", 7, 101, 5000},
		{"the next, with the disk lost", 7, 100, 5001},
		{"another node", 8, 100, 5000},
	} {
		life := LifeOf(c.node, c.first, c.at)
		if other, twice := seen[life]; twice || life == 0 {
			t.Errorf("%s has the life %x, as %s", c.name, life, other)
		}
		seen[life] = c.name
	}
}

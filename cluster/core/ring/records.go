package ring

import (
	"maps"
	"slices"
)

// records has what is known of every member that the cluster has ever had.
type records map[NodeID]record

// ids returns all ids, sorted.
func (rs records) ids() []NodeID { return slices.Sorted(maps.Keys(rs)) }

// version returns the greatest version of any register.
func (rs records) version() (v uint64) {
	for _, r := range rs {
		v = max(v, r.version())
	}
	return v
}

// anyOther reports whether a record other than that of id has a property.
func (rs records) anyOther(id NodeID, has func(NodeID, record) bool) bool {
	for other, r := range rs {
		if other != id && has(other, r) {
			return true
		}
	}
	return false
}

// namesWith returns how many names rs and other have together.
func (rs records) namesWith(other records) int {
	n := len(rs)
	for id := range other {
		if _, ok := rs[id]; !ok {
			n++
		}
	}
	return n
}

// join merges other into rs, record by record.
func (rs records) join(other records) (changed bool) {
	for id, r := range other {
		mine := rs[id]
		if mine.join(r) {
			rs[id], changed = mine, true
		}
	}
	return changed
}

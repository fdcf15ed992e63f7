package ring

import "fmt"

// Merge joins other into s and reports whether that changed s. It is
// commutative, associative and idempotent. A state of another cluster
// ([ErrOtherCluster]) or one that brings more names than [MaxNames]
// ([ErrTooManyMembers]) is refused, and s is unchanged. Merge does not change
// other, and shares only immutable parts with it.
func (s *State) Merge(other *State) (changed bool, err error) {
	if s.cluster != other.cluster || s.Partitions() != other.Partitions() {
		return false, fmt.Errorf("%w: %s with %d partitions, not %s with %d",
			ErrOtherCluster, other.cluster, other.Partitions(), s.cluster, s.Partitions())
	}
	if n := s.namesWith(other); n > MaxNames {
		return false, fmt.Errorf("%w: %d names, at most %d", ErrTooManyMembers, n, MaxNames)
	}
	for id, r := range other.records {
		mine := s.records[id]
		if mine.join(r) {
			s.records[id] = mine
			changed = true
		}
	}
	if other.quorums.compare(s.quorums) > 0 {
		s.quorums, changed = other.quorums, true
	}
	if other.layout.compare(s.layout) > 0 {
		s.layout, changed = other.layout, true
	}
	if changed {
		s.invalidate()
	}
	return changed, nil
}

func (s *State) namesWith(other *State) int {
	n := len(s.records)
	for id := range other.records {
		if _, ok := s.records[id]; !ok {
			n++
		}
	}
	return n
}

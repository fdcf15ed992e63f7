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
	if n := s.records.namesWith(other.records); n > MaxNames {
		return false, fmt.Errorf("%w: %d names, at most %d", ErrTooManyMembers, n, MaxNames)
	}
	changed = s.records.join(other.records)
	if other.quorums.compare(s.quorums) > 0 {
		s.quorums, changed = other.quorums, true
	}
	if changed {
		s.invalidate()
	}
	if other.layout.compare(s.layout) > 0 {
		s.replaceLayout(other.layout)
		changed = true
	}
	return changed, nil
}

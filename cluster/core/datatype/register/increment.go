package register

import (
	"github.com/quorate/quorate/cluster/core/number"
)

// Adds reports whether the update adds to a number. Additions are written as sums of their
// coordinators (object.Sum), so that concurrent ones all count.
func (u *Update) Adds() bool { return u.Kind == Increment || u.Kind == IncrementFloat }

// AddTo returns a sum after the update was added to it. It is false where the sum has no room for
// it: then the new number is written as a value.
func (u *Update) AddTo(sum number.Amount) (number.Amount, bool) {
	if u.Kind == IncrementFloat {
		return sum.PlusFloat(u.Float)
	}
	return sum.Plus(u.Amount), true
}

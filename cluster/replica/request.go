package replica

import (
	"errors"
	"fmt"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

// Request is one operation on one key. The caller fills the upper half, hands
// it to [Coordinator.Do], and reads the lower half when Do has returned. Key and
// the slices of Update may be reused by the caller after that; the results are
// the caller's own, until [Request.Reset].
type Request struct {
	Key       []byte
	Update    *register.Update // nil: a read
	Selection object.Selection // of a read: these elements are enough, all of one kind; empty: all are wanted
	Head      bool             // of a read: no elements are wanted, their totals are enough
	R, W      int              // quorum for this request; 0: the cluster's
	Trace     *Trace           // nil: none is wanted; else it is filled in

	// Object is what a read found, merged from R replicas and counted ([object.Counted]):
	// its clock is the causal context to hand out. An absent key has no siblings and no
	// clock. It has the elements of Selection at least; where it lacks others, its Rest has their totals.
	Object object.Object
	// Result is what an update did.
	Result register.Result
	// Err says why the request was not answered: a *[NoQuorumError], one of
	// the sentinels of this package, or the engine's.
	Err error

	issue issue // of an update
	kept  memory
}

// memory is what a request that is handed in again lends to its results.
type memory struct {
	local  []byte
	object object.Object
}

// mostKept is the largest value whose memory is kept.
const mostKept = 2 << 10

// Reset makes r as new, but for memory that it keeps for the results of its next
// use: those of this one must not be looked at any more.
func (r *Request) Reset() {
	if cap(r.kept.local) > mostKept {
		r.kept.local = nil
	}
	r.kept.object.Forget() // its values may be of others
	r.Key, r.Update, r.Selection, r.Head, r.R, r.W, r.Trace = nil, nil, object.Selection{}, false, 0, 0, nil
	r.Object, r.Result, r.Err, r.issue = object.Object{}, register.Result{}, nil, issue{}
}

// Sentinels of a refused request.
var (
	// ErrTooManySiblings refuses a write that would leave more concurrent
	// values on a key than the configured limit.
	ErrTooManySiblings = errors.New("too many siblings")
	// ErrClosing refuses work while the node shuts down.
	ErrClosing = errors.New("node is shutting down")
	// ErrCleared answers a write that a clear covers of which the node did not know, because
	// its disk is an older copy of itself, or another process of it took part.
	ErrCleared = errors.New("the write was made in an epoch that is cleared: try again")
	// ErrUnknownOutcome answers an update that computes from the old value, was sent to
	// its coordinator, and got no answer. It may have been carried out, or not.
	ErrUnknownOutcome = errors.New("the node that carries out this update did not answer: it may have taken effect, or not; read the key before trying again")
)

// Op names the side of the quorum that a [NoQuorumError] speaks of.
type Op string

// The two sides.
const (
	OpRead  Op = "read"
	OpWrite Op = "write"
)

// NoQuorumError says that too few replicas answered in time. A write that
// returns it may still take effect.
type NoQuorumError struct {
	Op          Op
	Needed, Got int
}

func (e *NoQuorumError) Error() string {
	replicas := "replicas"
	if e.Needed == 1 {
		replicas = "replica"
	}
	text := fmt.Sprintf("%s needs %d %s, %d answered in time", e.Op, e.Needed, replicas, e.Got)
	if e.Op == OpWrite {
		text += "; the write may still take effect"
	}
	return text
}

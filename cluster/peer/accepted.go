package peer

import (
	"maps"
	"slices"
	"sync"

	"github.com/quorate/quorate/cluster/core/causal"
)

// maxCalls bounds the streams that serve a single call.
const maxCalls = 64

// maxDuplicates bounds the accepted streams of one peer, class and lane. One is in use; the
// others are dead, and this end has not noticed yet. A new stream does not end the one
// before it, because without a secret it may come from an impostor.
const maxDuplicates = 4

type streamKey struct {
	node  causal.NodeID
	class Class
	lane  Lane
}

// acceptedStreams has the streams that other nodes have opened, within bounds. A stream is
// admitted in its handshake, which its dialler may fail, and added after it.
type acceptedStreams struct {
	most int // admitted at one time

	mu struct {
		sync.Mutex
		closed   bool
		admitted int // streams accepted or about to be
		calls    int // those of admitted that are for one call
		streams  map[*stream]struct{}
		members  map[streamKey][]*stream // the oldest first
	}
}

func newAcceptedStreams(most int) *acceptedStreams {
	a := &acceptedStreams{most: most}
	a.mu.streams = make(map[*stream]struct{})
	a.mu.members = make(map[streamKey][]*stream)
	return a
}

// admit takes up room for one more stream, until release. It returns a [RefusedError] if
// there is none.
func (a *acceptedStreams) admit(peer *hello) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mu.admitted >= a.most || peer.purpose == purposeCall && a.mu.calls >= maxCalls {
		return &RefusedError{Reason: RefusedBusy}
	}
	a.mu.admitted++
	if peer.purpose == purposeCall {
		a.mu.calls++
	}
	return nil
}

func (a *acceptedStreams) release(peer *hello) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mu.admitted--
	if peer.purpose == purposeCall {
		a.mu.calls--
	}
}

// add adds a stream. It returns false after close.
func (a *acceptedStreams) add(s *stream, peer *hello) bool {
	a.mu.Lock()
	if a.mu.closed {
		a.mu.Unlock()
		return false
	}
	a.mu.streams[s] = struct{}{}
	var old *stream
	if peer.purpose == purposePeer {
		key := streamKey{s.node, s.class, s.lane}
		duplicates := append(a.mu.members[key], s)
		if len(duplicates) > maxDuplicates {
			old, duplicates = duplicates[0], duplicates[1:]
		}
		a.mu.members[key] = duplicates
	}
	a.mu.Unlock()
	if old != nil {
		old.fail(errReplaced)
	}
	return true
}

func (a *acceptedStreams) remove(s *stream) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.mu.streams, s)
	key := streamKey{s.node, s.class, s.lane}
	duplicates := slices.DeleteFunc(a.mu.members[key], func(other *stream) bool { return other == s })
	if len(duplicates) == 0 {
		delete(a.mu.members, key)
	} else {
		a.mu.members[key] = duplicates
	}
}

// all returns the streams that are open.
func (a *acceptedStreams) all() []*stream {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Keys(a.mu.streams))
}

// close keeps further streams from being added.
func (a *acceptedStreams) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mu.closed = true
}

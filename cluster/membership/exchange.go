package membership

import (
	"context"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// call sends a request to one node, and returns its reply.
type call func(ctx context.Context, kind peer.Kind, body []byte) ([]byte, error)

// memberCall calls a member over its foreground stream. The messages are few and small,
// and that stream is the first to be open.
func (d *Disseminator) memberCall(to ring.NodeID) call {
	return func(ctx context.Context, kind peer.Kind, body []byte) ([]byte, error) {
		return d.channel.Call(ctx, to, peer.Foreground, kind, body)
	}
}

// addrCall calls whichever node is at an address.
func (d *Disseminator) addrCall(addr string) call {
	return func(ctx context.Context, kind peer.Kind, body []byte) ([]byte, error) {
		return d.channel.CallAddr(ctx, addr, kind, body)
	}
}

// exchange makes this node's ring state and that of another node equal, in both
// directions: it pulls the other's, and pushes its own if that has more. So a node that
// has moved, and that the others cannot reach, tells them where it is.
func (d *Disseminator) exchange(ctx context.Context, with call) error {
	theirs, err := d.pull(ctx, with)
	if err != nil || theirs == nil || theirs.Digest() == d.state.Digest() {
		return err
	}
	return d.send(ctx, with, peer.RingPush, d.state.Encode())
}

// pull takes in the ring state of another node, and returns it; nil if it is this node's.
func (d *Disseminator) pull(ctx context.Context, from call) (theirs *ring.State, err error) {
	reply, err := from(ctx, peer.RingPull, wire.AppendUint64(nil, d.state.Digest()))
	if err != nil || len(reply) == 0 {
		return nil, err
	}
	if theirs, err = ring.DecodeState(reply); err != nil {
		return nil, err
	}
	return theirs, d.identity.merge(theirs)
}

// send sends a message, and merges the state that answers it, if one does.
func (d *Disseminator) send(ctx context.Context, to call, kind peer.Kind, body []byte) error {
	reply, err := to(ctx, kind, body)
	if err != nil || len(reply) == 0 {
		return err
	}
	state, err := ring.DecodeState(reply)
	if err != nil {
		return err
	}
	return d.identity.merge(state)
}

// AnswerPull answers [peer.RingPull]: with this node's state, or with nothing if the
// asker has the same.
func (d *Disseminator) AnswerPull(body []byte) ([]byte, error) {
	r := wire.NewReader(body)
	theirs := r.Uint64()
	if err := r.Done("ring pull"); err != nil {
		return nil, err
	}
	return d.unlessSame(theirs), nil
}

// AnswerPush answers [peer.RingPush]: it merges the state, and answers with this node's
// own if that has more.
func (d *Disseminator) AnswerPush(body []byte) ([]byte, error) {
	state, err := ring.DecodeState(body)
	if err != nil {
		return nil, err
	}
	if err := d.identity.merge(state); err != nil {
		return nil, err
	}
	return d.unlessSame(state.Digest()), nil
}

func (d *Disseminator) unlessSame(digest uint64) []byte {
	if digest == d.state.Digest() {
		return nil
	}
	return d.state.Encode()
}

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

const (
	maxJobs = 256 // control requests waiting; full: refused, the peer asks again
	workers = 4   // that carry them out, off the streams' readers
)

// job is something that may wait for the disk or the network.
type job struct {
	request *peer.Request // nil: pull
	kind    peer.Kind
	body    []byte
	pull    ring.NodeID
}

// ServePeer hands the frames that arrived together to those who answer them.
func (n *Node) ServePeer(reqs []*peer.Request) {
	start := 0
	for i, r := range reqs {
		if isData(r.Kind) {
			continue
		}
		if start < i {
			n.serveData(reqs[start:i])
		}
		start = i + 1
		n.serveControl(r)
	}
	if start < len(reqs) {
		n.serveData(reqs[start:])
	}
}

func isData(k peer.Kind) bool { return k == peer.Write || k == peer.Read || k == peer.Forward }

func (n *Node) serveData(reqs []*peer.Request) {
	if n.keeper.ring() == nil {
		for _, r := range reqs {
			r.ReplyError(errNotJoined)
		}
		return
	}
	n.coordinator.ServePeer(reqs)
}

func (n *Node) serveControl(r *peer.Request) {
	if n.keeper.ring() == nil {
		r.ReplyError(errNotJoined)
		return
	}
	if n.exchanger.Serves(r.Kind) {
		n.exchanger.ServePeer(r)
		return
	}
	if !n.enqueue(job{request: r, kind: r.Kind, body: bytes.Clone(r.Body)}) {
		r.ReplyError(fmt.Errorf("more than %d control requests waiting", maxJobs))
	}
}

func (n *Node) enqueue(j job) bool {
	select {
	case n.jobs <- j:
		return true
	default:
		return false
	}
}

// work carries out jobs until ctx ends; what waits then is refused.
func (n *Node) work(ctx context.Context) error {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case j := <-n.jobs:
					n.carryOut(ctx, j)
				}
			}
		})
	}
	wg.Wait()
	for {
		select {
		case j := <-n.jobs:
			if j.request != nil {
				j.request.ReplyError(errors.New("node is shutting down"))
			}
		default:
			return nil
		}
	}
}

func (n *Node) carryOut(ctx context.Context, j job) {
	if j.request == nil {
		if err := n.pull(ctx, j.pull); err != nil {
			n.log.Debug("ring state not pulled", "peer", n.keeper.ring().Name(j.pull), "err", err)
		}
		return
	}
	var reply []byte
	var err error
	switch j.kind {
	case peer.Join:
		reply, err = n.admit(j.body)
	case peer.RingPull:
		reply, err = n.answerPull(j.body)
	case peer.RingPush:
		reply, err = n.answerPush(j.body)
	case peer.Scan:
		reply, err = n.AnswerScan(j.body)
	case peer.Count:
		reply, err = n.AnswerCount()
	case peer.History:
		reply = n.AnswerHistory(j.body)
	default:
		err = fmt.Errorf("unknown request kind %d", j.kind)
	}
	if err != nil {
		j.request.ReplyError(err)
		return
	}
	j.request.Reply(reply)
}

package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// advice says, for what keeps a node from starting, what to do about it.
var advice = []struct {
	err  error
	text string
}{
	{engine.ErrLocked, "another quorate runs on it: stop that one, or give this node another --data-dir"},
	{engine.ErrOtherOwner, "start it with the --name that it was made for, or give this node another --data-dir"},
	{engine.ErrOtherFormat, "start it with the settings and the version that it was made with, or give this node another --data-dir"},
	{peer.ErrInUse, "stop that one, or choose another address with --peer-addr"},
	{ring.ErrNameTaken, "give this node another --name; if this is the old one without its data, start it with --replace"},
	{ring.ErrOtherCluster, "its --data-dir belongs to another cluster than --join names: start with an empty one"},
	{syscall.EACCES, "the user that quorate runs as may not do this"},
}

// explain adds the advice to an error.
func explain(err error) error {
	var answer *peer.RemoteError // its cause stayed on the other node; a taken name is the likely one
	if errors.As(err, &answer) && answer.Kind == peer.Join {
		return fmt.Errorf("%w\n  each node of a cluster needs a --name of its own", err)
	}
	for _, a := range advice {
		if errors.Is(err, a.err) {
			return fmt.Errorf("%w\n  %s", err, a.text)
		}
	}
	return err
}

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
	{ring.ErrNameTaken, "give this node another --name; if it is the old one and lost its disk, start it with --replace, or permit that with 'quorate admin replace' at another node"},
	{ring.ErrOtherCluster, "its --data-dir belongs to another cluster than --join names: start with an empty one"},
	{syscall.EACCES, "the user that quorate runs as may not do this"},
	{engine.ErrNoDirectory, "give --data-dir a directory that exists, or that can be made"},
}

// explain adds the advice to an error.
func explain(err error) error {
	for _, a := range advice {
		if errors.Is(err, a.err) {
			return fmt.Errorf("%w\n  %s", err, a.text)
		}
	}
	return err
}

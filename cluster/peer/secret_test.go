package peer

import (
	"errors"
	"testing"
)

// Each pair of neighbours in the list is what two nodes may have while the secret is
// changed node by node.
func TestChannel_SecretChangedNodeByNode_EachAcceptsTheOther(t *testing.T) {
	type secrets struct {
		first    string
		accepted []string
	}
	steps := []secrets{{"old", nil}, {"old", []string{"new"}}, {"new", []string{"old"}}, {"new", nil}}
	call := func(from, to secrets) error {
		host := start(t, "H", func(c *Config) { c.Secret, c.AcceptSecrets = to.first, to.accepted })
		dialler := start(t, "G", func(c *Config) { c.Secret, c.AcceptSecrets = from.first, from.accepted })
		_, err := dialler.CallAddr(t.Context(), host.Addr(), Join, nil)
		return err
	}
	for i := range steps[1:] {
		for _, pair := range [][2]secrets{{steps[i], steps[i+1]}, {steps[i+1], steps[i]}, {steps[i+1], steps[i+1]}} {
			if err := call(pair[0], pair[1]); err != nil {
				t.Errorf("%v calls %v: %v", pair[0], pair[1], err)
			}
		}
	}
	var refused *RefusedError
	for _, stranger := range []secrets{{"other", []string{"new", "old"}}, {"", nil}} {
		if err := call(stranger, steps[1]); !errors.As(err, &refused) || refused.Reason != RefusedSecret {
			t.Errorf("a dialler that proves %q: %v", stranger.first, err)
		}
	}
}

package replica

import "testing"

func TestNoQuorumError_Text_CountsReplicas(t *testing.T) {
	for e, want := range map[NoQuorumError]string{
		{Op: OpRead, Needed: 1}:          "read needs 1 replica, 0 answered in time",
		{Op: OpWrite, Needed: 2, Got: 1}: "write needs 2 replicas, 1 answered in time; the write may still take effect",
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

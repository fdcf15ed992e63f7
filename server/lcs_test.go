package server

import (
	"strings"
	"testing"
)

func TestLCS_TooLarge_IsRefused(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	c.do("SET", "a", strings.Repeat("a", 5000))
	c.do("SET", "b", strings.Repeat("b", 5000))
	if got := c.do("LCS", "a", "b"); got != "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len\r\n" {
		t.Errorf("%q", got)
	}
}

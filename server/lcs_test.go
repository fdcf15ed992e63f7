package server

import (
	"fmt"
	"strings"
	"testing"
)

func TestLCS_ValuesThatRedisCompares_AreCompared(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	c.do("SET", "a", strings.Repeat("ab", 5<<10))
	c.do("SET", "b", strings.Repeat("b", 10<<10))
	if got, want := c.do("LCS", "a", "b", "LEN"), fmt.Sprintf(":%d\r\n", 5<<10); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLCS_TooLarge_IsRefused(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	c.do("SET", "a", strings.Repeat("a", 12_000))
	c.do("SET", "b", strings.Repeat("b", 12_000))
	if got := c.do("LCS", "a", "b"); got != "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len\r\n" {
		t.Errorf("%q", got)
	}
}

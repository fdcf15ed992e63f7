package main

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

func TestClientPort_InUse_SaysSo(t *testing.T) {
	first := clientPort{Addr: "127.0.0.1:" + freePort(t)}
	listener, err := first.listen()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, err = first.listen()
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), first.Addr) || !strings.Contains(err.Error(), "--client-addr") {
		t.Fatalf("%v", err)
	}
}

package main

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/quorum"
)

func TestRun_FaultyCommandLine_HintsAtItsCommand(t *testing.T) {
	for args, want := range map[string]string{
		"admin foo":            "Try: quorate admin --help\n",
		"admin leave":          "Try: quorate admin leave --help\n",
		"admin status --bogus": "Try: quorate admin status --help\n",
		"server --bogus":       "Try: quorate server --help\n",
		"foo":                  "Try: quorate --help\n",
		"":                     "Usage: quorate <command>",
	} {
		var out, err bytes.Buffer
		code := run(t.Context(), strings.Fields(args), console{out: &out, err: &err})
		if code != exitUsage || !strings.Contains(err.String(), want) || out.Len() > 0 {
			t.Errorf("quorate %s: exit code %d, %q on stdout, no %q in:\n%s", args, code, out.String(), want, err.String())
		}
	}
}

func TestAdmin_ClientPort_IsSaidToBeNoAdminPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1024))
			_, _ = conn.Write([]byte("-ERR Protocol error: an HTTP request\r\n"))
			_ = conn.Close()
		}
	}()
	defer l.Close() //nolint:errcheck // nothing was written
	var out, stderr bytes.Buffer
	code := run(t.Context(), []string{"admin", "--admin-addr", l.Addr().String(), "status"}, console{out: &out, err: &stderr})
	if code != exitFault || !strings.Contains(stderr.String(), "is not one of a quorate admin port") || strings.Contains(stderr.String(), "no answer") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

func TestAdmin_Leave_SaysThatCopiesGetFewer(t *testing.T) {
	var out strings.Builder
	printFewerCopies(&out, api.Cluster{N: 3, Nodes: []api.Member{{Status: "up"}, {Status: "up"}, {Status: "leaving"}}})
	if want := "2 members stay, fewer than n=3: each key will have 2 copies"; !strings.Contains(out.String(), want) {
		t.Errorf("no %q in %q", want, out.String())
	}
	out.Reset()
	if printFewerCopies(&out, api.Cluster{N: 1, Nodes: []api.Member{{Status: "up"}}}); out.Len() > 0 {
		t.Error(out.String())
	}
}

func TestDemo_ReadyLine_SaysWhatIsInForce(t *testing.T) {
	q := quorum.NRW{N: 3, R: 2, W: 3}
	if got, want := readyLine(2, q), "A cluster of 2 nodes is ready: n=2 r=2 w=2 until there are 3 nodes, then n=3 r=2 w=3."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := readyLine(5, q), "A cluster of 5 nodes is ready: n=3 r=2 w=3."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDemoName_PastZ_HasTwoLetters(t *testing.T) {
	names := make(map[string]bool)
	for i := range maxDemoNodes {
		names[demoName(i)] = true
	}
	if len(names) != maxDemoNodes {
		t.Errorf("%d nodes have %d names", maxDemoNodes, len(names))
	}
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 49: "AX", 51: "AZ", 52: "BA"} {
		if got := demoName(i); got != want {
			t.Errorf("node %d is %s, want %s", i, got, want)
		}
	}
}

func TestDemoPorts_PortInUse_IsTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was written
	used := l.Addr().(*net.TCPAddr).Port
	p := demoPorts{taken: make(map[int]bool)}
	port := used
	if _, err := p.next(&port, "--client-port", "tcp"); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("Port %d is in use: --client-port goes on at %d.", used, port); len(p.skipped) != 1 || p.skipped[0] != want {
		t.Errorf("told %q, want %q", p.skipped, want)
	}
}

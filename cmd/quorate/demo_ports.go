package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/quorate/quorate/cluster/core/ring"
)

// maxDemoNodes is how many nodes a demo has at most: fifty, and room for some that are added.
const maxDemoNodes = 64

// demoPorts gives each node of a demo the next ports that are free. With a
// directory that is kept, ports are never skipped: its nodes know each other by
// them. It is for one goroutine at a time.
type demoPorts struct {
	kept                bool
	client, peer, admin int          // the next to try
	taken               map[int]bool // by another node, or for another purpose
	skipped             []string     // which ports other programs have, for the reader of the banner
}

// nodesIn counts the nodes, from A on, that have a directory already.
func nodesIn(dir string) int {
	for i := range maxDemoNodes {
		if _, err := os.Stat(filepath.Join(dir, demoName(i))); err != nil {
			return i
		}
	}
	return maxDemoNodes
}

// demoName names the node with a number, from 0: A to Z, then AA, AB and so on, as
// spreadsheets name their columns.
func demoName(i int) string {
	last := string(rune('A' + i%26))
	if i < 26 {
		return last
	}
	return demoName(i/26-1) + last
}

func newDemoPorts(c *demoCmd) demoPorts {
	return demoPorts{
		kept: c.dataDir != "", client: c.ports.client, peer: c.ports.peer, admin: c.ports.admin,
		taken: make(map[int]bool),
	}
}

// member names the node with a number, from 0, and finds ports for it.
func (p *demoPorts) member(i int) (ring.Member, error) {
	m := ring.Member{Name: demoName(i)}
	m.ID = ring.IDOf(m.Name)
	var faults [3]error
	m.ClientAddr, faults[0] = p.next(&p.client, "--client-port", "tcp")
	m.PeerAddr, faults[1] = p.next(&p.peer, "--peer-port", "tcp", "udp")
	m.AdminAddr, faults[2] = p.next(&p.admin, "--admin-port", "tcp")
	return m, errors.Join(faults[:]...)
}

func (p *demoPorts) next(port *int, flag string, networks ...string) (string, error) {
	inUse := 0 // the first one
	for ; *port < 1<<16; *port++ {
		if p.taken[*port] {
			continue
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(*port))
		err := canListen(addr, networks)
		if err == nil {
			p.taken[*port] = true
			if inUse != 0 {
				p.skipped = append(p.skipped, fmt.Sprintf("Port %d is in use: %s goes on at %d.", inUse, flag, *port))
			}
			return addr, nil
		}
		if p.kept {
			return "", fmt.Errorf("port %s is in use: stop the program that uses it, or choose other ports with %s: %w", addr, flag, err)
		}
		if inUse == 0 {
			inUse = *port
		}
	}
	return "", fmt.Errorf("no free port is left from %s on", flag)
}

// canListen tries an address.
func canListen(addr string, networks []string) error {
	for _, network := range networks {
		var l io.Closer
		var err error
		if network == "udp" {
			l, err = net.ListenPacket(network, addr)
		} else {
			l, err = net.Listen(network, addr)
		}
		if err != nil {
			return err
		}
		_ = l.Close()
	}
	return nil
}

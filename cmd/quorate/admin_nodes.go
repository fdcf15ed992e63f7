package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
)

type adminNodes struct{}

// Run implements the command.
func (adminNodes) Run(ctx context.Context, con console, cli *commands) error {
	return show(ctx, con, cli, question[api.Cluster]{ask: get[api.Cluster]("/api/cluster"), print: printNodes})
}

func printNodes(out io.Writer, v api.Cluster, _ time.Time) error {
	t := newTable("NODE", "STATUS", "ZONE", "UP", "CLIENT", "PEER", "ADMIN")
	for _, m := range v.Nodes {
		up := ""
		if m.UptimeS != nil {
			up = (time.Duration(*m.UptimeS) * time.Second).String()
		}
		t.add(m.Name, statusText(m), m.Zone, up, m.ClientAddr, m.PeerAddr, m.AdminAddr)
	}
	return t.print(out)
}

type adminRing struct {
	Partitions bool `help:"List the nodes of each partition."`
}

// Run implements the command.
func (c adminRing) Run(ctx context.Context, con console, cli *commands) error {
	print := printRing
	if c.Partitions {
		print = printPartitions
	}
	return show(ctx, con, cli, question[api.Ring]{ask: get[api.Ring]("/api/ring"), print: print})
}

// printRing prints each node's share of the ring.
func printRing(out io.Writer, v api.Ring, _ time.Time) error {
	tokens, held, next := make(map[string]int), make(map[string]int), make(map[string]int)
	for p, owner := range v.Owners {
		tokens[owner]++
		for _, name := range v.Primaries[p] {
			held[name]++
		}
		if v.Next != nil {
			next[(*v.Next)[p]]++
		}
	}
	fmt.Fprintf(out, "partitions=%d slots=%d n=%d version=%d\n", v.Partitions, v.Slots, v.N, v.Version)
	t := newTable("NODE", "STATUS", "TOKENS", "PARTITIONS", "TOKENS NEXT")
	for _, n := range v.Nodes {
		after := ""
		if v.Next != nil {
			after = fmt.Sprint(next[n.Name])
		}
		t.add(n.Name, n.Status, tokens[n.Name], held[n.Name], after)
	}
	return t.print(out)
}

// printPartitions prints the nodes that hold each partition.
func printPartitions(out io.Writer, v api.Ring, _ time.Time) error {
	t := newTable("PARTITION", "PRIMARIES", "OWNER NEXT")
	for p, primaries := range v.Primaries {
		next := ""
		if v.Next != nil && (*v.Next)[p] != v.Owners[p] {
			next = (*v.Next)[p]
		}
		t.add(p, strings.Join(primaries, " "), next)
	}
	return t.print(out)
}

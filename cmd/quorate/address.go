package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// advertised holds the addresses under which others reach this node.
type advertised struct{ client, peer, admin string }

// advertised returns the addresses given with --advertise-…, or else the ones listened
// on. For a listener on every interface it takes the host's first address.
func (c *serverCmd) advertised() (a advertised, err error) {
	var faults [3]error
	given := c.address.advertise
	a.client, faults[0] = advertise("client", given.client, c.settings.client.Addr)
	a.peer, faults[1] = advertise("peer", given.peer, c.settings.node.PeerAddr)
	a.admin, faults[2] = advertise("admin", given.admin, c.address.admin)
	return a, errors.Join(faults[:]...)
}

func advertise(which, given, listen string) (string, error) {
	if given != "" {
		return given, nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	if ip, err := netip.ParseAddr(host); host != "" && (err != nil || !ip.IsUnspecified()) {
		return listen, nil
	}
	own, err := ownAddress()
	if err != nil {
		return "", fmt.Errorf("--%s-addr %s listens on every interface: name the one for others to use with --advertise-%s-addr: %w", which, listen, which, err)
	}
	return net.JoinHostPort(own.String(), port), nil
}

// ownAddress returns the first address of this machine that others may reach: an IPv4
// one if there is one, and loopback if there is no network at all.
func ownAddress() (netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, err
	}
	var six netip.Addr
	for _, addr := range addrs {
		prefix, err := netip.ParsePrefix(addr.String())
		if err != nil || !prefix.Addr().IsGlobalUnicast() {
			continue
		}
		if prefix.Addr().Is4() {
			return prefix.Addr(), nil
		}
		six = cmp.Or(six, prefix.Addr())
	}
	if six.IsValid() {
		return six, nil
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
}

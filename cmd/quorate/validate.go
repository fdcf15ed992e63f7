package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/limits"
)

// check puts the settings into force and reports every fault of them at once.
func (c *serverCmd) check() error {
	node := &c.settings.node
	faults := append(accept(c.settings.table), c.settings.faults()...)
	if err := ring.ValidName(node.Name); err != nil {
		faults = append(faults, fmt.Errorf("--name %q: %w", node.Name, err))
	}
	if node.Zone != "" {
		if err := ring.ValidName(node.Zone); err != nil {
			faults = append(faults, fmt.Errorf("--zone %q: %w", node.Zone, err))
		}
	}
	for _, addr := range node.Join {
		if err := checkReachable(addr); err != nil {
			faults = append(faults, fmt.Errorf("--join %q: %w", addr, err))
		}
	}
	if node.Replace && len(node.Join) == 0 {
		faults = append(faults, errors.New("--replace takes a place in a cluster: name it with --join"))
	}
	if c.found && len(node.Join) > 0 {
		faults = append(faults, errors.New("--found makes a new cluster, but --join names one: leave one of them out"))
	}
	if c.founder != "" && (len(node.Join) == 0 || c.found || c.standby) {
		faults = append(faults, fmt.Errorf("--founder %q founds a cluster if --join finds none: give --join, and neither --found nor --standby", c.founder))
	}
	if c.standby && len(node.Join) > 0 {
		faults = append(faults, errors.New("--standby waits for a request that names the cluster to join, but --join names it: leave one of them out"))
	}
	return errors.Join(append(faults, c.addressFaults()...)...)
}

// check puts the settings into force and reports every fault of them at once.
func (c *demoCmd) check() error {
	return errors.Join(append(accept(c.settings.table), c.settings.faults()...)...)
}

// faults returns the faults of settings that must agree with each other.
func (s *nodeSettings) faults() (faults []error) {
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	n, c := &s.node, &s.client
	possible := n.N >= 1 // or else N alone is at fault
	fault(possible && n.R > n.N, "--r is %d, but a key has only --n %d replicas", n.R, n.N)
	fault(possible && n.W > n.N, "--w is %d, but a key has only --n %d replicas", n.W, n.N)
	fault(n.Partitions > 0 && ring.ValidPartitions(n.Partitions) != nil, "--partitions is %d, but must be a power of two", n.Partitions)
	fault(n.TombstoneGrace <= n.Store.HintAge, "--tombstone-grace is %s, but must be longer than --hint-age %s: a late hint would bring the deleted back",
		number.FormatDuration(n.TombstoneGrace), number.FormatDuration(n.Store.HintAge))
	fault(n.SiblingsRefuse <= n.SiblingsWarn, "--siblings-refuse is %d, but must be more than --siblings-warn %d", n.SiblingsRefuse, n.SiblingsWarn)
	sizes := map[string]int64{
		"proto-max-bulk-len": c.ProtoMaxBulkLen, "client-buffer-limit": c.InputLimit, "total-buffer-limit": c.BufferedLimit,
	}
	for _, r := range limits.Relations {
		if err := r.Check("--", func(name string) int64 { return sizes[name] }); err != nil {
			faults = append(faults, err)
		}
	}
	fault((s.admin.certFile == "") != (s.admin.keyFile == ""), "--admin-tls-cert and --admin-tls-key go together: give both or none")
	return faults
}

// addressFaults returns the faults of the addresses that the node listens on and advertises.
func (c *serverCmd) addressFaults() (faults []error) {
	s := &c.settings
	for _, listen := range []struct{ flag, addr, guard, given string }{
		{"--client-addr", s.client.Addr, "--requirepass", s.client.Password},
		{"--admin-addr", c.address.admin, "--admin-token", s.adminToken()},
		{"--peer-addr", s.node.PeerAddr, "--peer-secret", s.node.Secret},
	} {
		host, err := splitAddr(listen.addr)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s %q: %w", listen.flag, listen.addr, err))
		case strings.HasSuffix(listen.addr, ":0"):
			faults = append(faults, fmt.Errorf("%s %q: name the port, because others have to connect to it", listen.flag, listen.addr))
		case !isLoopback(host) && listen.given == "" && !c.address.insecure:
			faults = append(faults, fmt.Errorf("%s %q can be reached from other machines: set %s, or say --insecure if the network is yours alone", listen.flag, listen.addr, listen.guard))
		}
	}
	if len(s.node.AcceptSecrets) > 0 && s.node.Secret == "" {
		faults = append(faults, errors.New("--peer-secret-accepted needs a --peer-secret: a node without one accepts every peer"))
	}
	faults = append(faults, c.sharedPorts()...)
	for _, advertise := range []struct{ flag, addr string }{
		{"--advertise-client-addr", c.address.advertise.client},
		{"--advertise-peer-addr", c.address.advertise.peer},
		{"--advertise-admin-addr", c.address.advertise.admin},
	} {
		if advertise.addr == "" {
			continue
		}
		if err := checkReachable(advertise.addr); err != nil {
			faults = append(faults, fmt.Errorf("%s %q: %w", advertise.flag, advertise.addr, err))
		}
	}
	return faults
}

// sharedPorts returns a fault for each two listeners on the same port of the same host.
func (c *serverCmd) sharedPorts() (faults []error) {
	listeners := []struct{ flag, addr string }{
		{"--client-addr", c.settings.client.Addr}, {"--peer-addr", c.settings.node.PeerAddr}, {"--admin-addr", c.address.admin},
	}
	everywhere := func(host string) bool {
		ip, err := netip.ParseAddr(host)
		return host == "" || err == nil && ip.IsUnspecified()
	}
	for i, a := range listeners {
		for _, b := range listeners[i+1:] {
			hostA, portA, errA := net.SplitHostPort(a.addr)
			hostB, portB, errB := net.SplitHostPort(b.addr)
			if errA == nil && errB == nil && portA == portB && (hostA == hostB || everywhere(hostA) || everywhere(hostB)) {
				faults = append(faults, fmt.Errorf("%s and %s are both on port %s: give each a port of its own", a.flag, b.flag, portA))
			}
		}
	}
	return faults
}

// mayHaveNoPassword reports whether CONFIG SET may take the password away. It may not where
// the node would not have started without one.
func (c *serverCmd) mayHaveNoPassword() bool {
	reachable := func(addr string) bool {
		host, err := splitAddr(addr)
		return err != nil || !isLoopback(host)
	}
	guards := reachable(c.settings.client.Addr) || c.settings.admin.token == "" && reachable(c.address.admin)
	return c.address.insecure || !guards
}

// splitAddr takes HOST:PORT apart and checks the port; the host may be empty.
func splitAddr(addr string) (host string, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", errors.New("write it as HOST:PORT")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("%q is not a port: 0 to 65535", port)
	}
	return host, nil
}

// checkReachable refuses an address that nobody could connect to.
func checkReachable(addr string) error {
	host, err := splitAddr(addr)
	if err != nil {
		return err
	}
	if _, port, _ := net.SplitHostPort(addr); port == "0" {
		return errors.New("port 0 cannot be connected to")
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return errors.New("name the host, because others have to connect to it")
	}
	return nil
}

// isLoopback tells whether only this machine can reach a listener on host.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func sortErrors(errs []error) {
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
}

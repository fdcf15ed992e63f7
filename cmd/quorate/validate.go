package main

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/cluster/core/ring"
)

// check reports every fault of the settings at once, in plain words.
func (c *serverCmd) check() error {
	faults := append(boundsFaults(reflect.ValueOf(*c)), c.nodeSettings.faults()...)
	if err := ring.ValidName(c.Name); err != nil {
		faults = append(faults, fmt.Errorf("--name %q: %w", c.Name, err))
	}
	if c.Zone != "" {
		if err := ring.ValidName(c.Zone); err != nil {
			faults = append(faults, fmt.Errorf("--zone %q: %w", c.Zone, err))
		}
	}
	if c.DataDir == "" {
		faults = append(faults, errors.New("--data-dir is empty"))
	}
	for _, addr := range c.Join {
		if err := checkReachable(addr); err != nil {
			faults = append(faults, fmt.Errorf("--join %q: %w", addr, err))
		}
	}
	if c.Standby && len(c.Join) > 0 {
		faults = append(faults, errors.New("--standby waits to be told whom to join, but --join says it: leave one of them out"))
	}
	faults = append(faults, c.Address.faults(c.Clients.Requirepass, c.adminToken())...)
	return errors.Join(faults...)
}

// check reports every fault of the settings at once, in plain words.
func (c *demoCmd) check() error {
	return errors.Join(append(boundsFaults(reflect.ValueOf(*c)), c.nodeSettings.faults()...)...)
}

func (s *nodeSettings) faults() (faults []error) {
	q := s.Quorum
	if q.R > q.N {
		faults = append(faults, fmt.Errorf("--r is %d, but a key has only --n %d replicas", q.R, q.N))
	}
	if q.W > q.N {
		faults = append(faults, fmt.Errorf("--w is %d, but a key has only --n %d replicas", q.W, q.N))
	}
	if q.Partitions > 0 && q.Partitions&(q.Partitions-1) != 0 {
		faults = append(faults, fmt.Errorf("--partitions is %d, but must be a power of two", q.Partitions))
	}
	if s.Store.TombstoneGrace <= s.Store.HintAge {
		faults = append(faults, fmt.Errorf("--tombstone-grace is %s, but must be longer than --hint-age %s: a late hint would bring the deleted back", s.Store.TombstoneGrace, s.Store.HintAge))
	}
	if s.Conflict.SiblingsRefuse <= s.Conflict.SiblingsWarn {
		faults = append(faults, fmt.Errorf("--siblings-refuse is %d, but must be more than --siblings-warn %d", s.Conflict.SiblingsRefuse, s.Conflict.SiblingsWarn))
	}
	if s.Clients.ClientBufferLimit < s.Clients.ProtoMaxBulkLen {
		faults = append(faults, fmt.Errorf("--client-buffer-limit is %s, but must hold one value of --proto-max-bulk-len %s", s.Clients.ClientBufferLimit, s.Clients.ProtoMaxBulkLen))
	}
	if s.Clients.TotalBufferLimit < s.Clients.ClientBufferLimit {
		faults = append(faults, fmt.Errorf("--total-buffer-limit is %s, but must not be less than --client-buffer-limit %s", s.Clients.TotalBufferLimit, s.Clients.ClientBufferLimit))
	}
	if (s.Admin.AdminTLSCert == "") != (s.Admin.AdminTLSKey == "") {
		faults = append(faults, errors.New("--admin-tls-cert and --admin-tls-key go together"))
	}
	return faults
}

func (s *addressSettings) faults(password, token string) (faults []error) {
	for _, listen := range []struct{ flag, addr, guard, given string }{
		{"--client-addr", s.ClientAddr, "--requirepass", password},
		{"--admin-addr", s.AdminAddr, "--admin-token", token},
		{"--peer-addr", s.PeerAddr, "--peer-secret", s.PeerSecret},
	} {
		host, err := splitAddr(listen.addr)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s %q: %w", listen.flag, listen.addr, err))
		case strings.HasSuffix(listen.addr, ":0"):
			faults = append(faults, fmt.Errorf("%s %q: name the port: others are told it", listen.flag, listen.addr))
		case !isLoopback(host) && listen.given == "" && !s.Insecure:
			faults = append(faults, fmt.Errorf("%s %q can be reached from other machines: set %s, or say --insecure if the network is yours alone", listen.flag, listen.addr, listen.guard))
		}
	}
	for _, advertise := range []struct{ flag, addr string }{
		{"--advertise-client-addr", s.AdvertiseClientAddr},
		{"--advertise-peer-addr", s.AdvertisePeerAddr},
		{"--advertise-admin-addr", s.AdvertiseAdminAddr},
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

// splitAddr takes HOST:PORT apart and checks the port; the host may be empty.
func splitAddr(addr string) (host string, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", errors.New("write it as HOST:PORT, like 127.0.0.1:6379")
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
		return errors.New("name the host: others are to connect to it")
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

// boundsFaults checks every setting of a table against its min, max or oneof.
func boundsFaults(table reflect.Value) (faults []error) {
	for i := range table.NumField() {
		field, v := table.Type().Field(i), table.Field(i)
		if v.Kind() == reflect.Struct {
			faults = append(faults, boundsFaults(v)...)
			continue
		}
		if words, ok := field.Tag.Lookup("oneof"); ok && !slices.Contains(strings.Split(words, ","), v.String()) {
			faults = append(faults, fmt.Errorf("--%s is %q, but must be one of %s", flagName(field), v, strings.ReplaceAll(words, ",", ", ")))
		}
		highest, ok := field.Tag.Lookup("max")
		if !ok {
			continue
		}
		lowest := cmp.Or(field.Tag.Get("min"), "0")
		if v.Int() < bound(v.Type(), lowest) || v.Int() > bound(v.Type(), highest) {
			faults = append(faults, fmt.Errorf("--%s is %v, but must be from %s to %s", flagName(field), v.Interface(), lowest, highest))
		}
	}
	return faults
}

// bound reads a min or max in the notation of its setting.
func bound(t reflect.Type, text string) int64 {
	v := reflect.New(t)
	if u, ok := v.Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			panic(fmt.Sprintf("bound %q in the table of settings: %v", text, err))
		}
		return v.Elem().Int()
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("bound %q in the table of settings: %v", text, err))
	}
	return n
}

func sortErrors(errs []error) {
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
}

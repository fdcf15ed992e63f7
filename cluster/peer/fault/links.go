package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Link describes the faults of one direction of a link: of everything that From
// sends to To. The opposite direction has a Link of its own, or none.
type Link struct {
	From, To string        // peer addresses, as nodes advertise them
	Cut      bool          // nothing arrives, and the sender gets no error
	Delay    time.Duration // added to the time that everything takes; up to MaxDelay
	Loss     float64       // the share of packets that is lost, 0 to 1
}

// Bounds of a table.
const (
	MaxDelay = 5 * time.Second
	maxLinks = 4096 // faulty directions
)

// ErrInvalid is wrapped by every error about a fault that makes no sense.
var ErrInvalid = errors.New("bad link fault")

// Links is a table of the faults of the links between nodes. All channels of a
// process may share it, and it outlives them. It is safe for concurrent use. A
// change takes effect at once, also on what is under way.
//
// A channel obeys the table at its own sockets:
//
//   - The sender drops or delays UDP packets.
//   - A TCP connection obeys at the end that dialled it, in both directions, because
//     the other end does not know yet who calls. A cut holds reads, writes and
//     dials, as a network does that drops every packet, until the cut is healed or a
//     deadline or Close ends the wait. A lost packet costs the time until TCP would
//     send it again.
//
// The zero Links has no faults.
type Links struct {
	setting sync.Mutex
	table   atomic.Pointer[table] // nil: no faults
}

// table is one state of Links. It is immutable.
type table struct {
	listed   []Link
	of       map[direction]Link
	replaced chan struct{} // closed when another state has taken its place
}

type direction struct{ from, to string }

// Set replaces the whole table; links without a fault are left out. If any of them
// makes no sense it returns an error that wraps [ErrInvalid], and changes nothing.
// Host names are resolved once, here, because gossip uses numeric addresses.
func (l *Links) Set(all []Link) error {
	next, err := newTable(all)
	if err != nil {
		return err
	}
	l.setting.Lock()
	defer l.setting.Unlock()
	if before := l.table.Swap(next); before != nil {
		close(before.replaced)
	}
	return nil
}

// Faulty returns the links that have a fault now, ordered by address.
func (l *Links) Faulty() []Link {
	if now := l.table.Load(); now != nil {
		return slices.Clone(now.listed)
	}
	return nil
}

// newTable returns nil if no link has a fault.
func newTable(all []Link) (*table, error) {
	if len(all) > maxLinks {
		return nil, fmt.Errorf("%w: %d links, want at most %d", ErrInvalid, len(all), maxLinks)
	}
	t := &table{of: make(map[direction]Link), replaced: make(chan struct{})}
	for _, link := range all {
		if err := link.validate(); err != nil {
			return nil, err
		}
		if link.Cut || link.Delay > 0 || link.Loss > 0 {
			t.listed = append(t.listed, link)
		}
	}
	if len(t.listed) == 0 {
		return nil, nil
	}
	slices.SortFunc(t.listed, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	forms := addressForms(t.listed)
	for _, link := range t.listed {
		for _, from := range forms[link.From] {
			for _, to := range forms[link.To] {
				if _, twice := t.of[direction{from, to}]; twice {
					return nil, fmt.Errorf("%w: the link from %s to %s is named twice", ErrInvalid, link.From, link.To)
				}
				t.of[direction{from, to}] = link
			}
		}
	}
	return t, nil
}

func (l Link) validate() error {
	for _, addr := range []string{l.From, l.To} {
		_, port, err := net.SplitHostPort(addr)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return fmt.Errorf("%w: peer address %q: %w", ErrInvalid, addr, err)
		}
	}
	switch {
	case l.From == l.To:
		return fmt.Errorf("%w: %s has no link to itself", ErrInvalid, l.From)
	case l.Delay < 0 || l.Delay > MaxDelay:
		return fmt.Errorf("%w: delay %v, want 0 to %v", ErrInvalid, l.Delay, MaxDelay)
	case !(l.Loss >= 0 && l.Loss <= 1): // also refuses NaN
		return fmt.Errorf("%w: loss %v, want 0 to 1", ErrInvalid, l.Loss)
	}
	return nil
}

// lookupBudget bounds the time for resolving all names of a table.
const lookupBudget = time.Second

// addressForms returns the forms in which each address may be used: as given, and
// with numbers for the host, as gossip does.
func addressForms(all []Link) map[string][]string {
	ctx, cancel := context.WithTimeout(context.Background(), lookupBudget)
	defer cancel()
	forms := make(map[string][]string)
	for _, link := range all {
		for _, addr := range []string{link.From, link.To} {
			if forms[addr] == nil {
				forms[addr] = formsOf(ctx, addr)
			}
		}
	}
	return forms
}

func formsOf(ctx context.Context, addr string) []string {
	forms := []string{addr}
	host, port, err := net.SplitHostPort(addr)
	if err != nil || net.ParseIP(host) != nil {
		return forms
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return forms // without an address, nothing can be sent there either
	}
	for _, ip := range ips {
		forms = append(forms, net.JoinHostPort(ip.Unmap().String(), port))
	}
	return forms
}

// loses draws at random whether a packet is lost.
func (l Link) loses() bool { return l.Loss > 0 && rand.Float64() < l.Loss }

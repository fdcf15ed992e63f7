package peer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Fault is what is wrong, on purpose, with everything that one node sends to
// another. The way back has a fault of its own, or none.
type Fault struct {
	From, To string        // peer addresses, as nodes advertise them
	Cut      bool          // nothing arrives, and nobody is told
	Delay    time.Duration // everything arrives so much later; up to MaxDelay
	Loss     float64       // the share of packets that is lost, 0 to 1
}

// Bounds of faults.
const (
	MaxDelay  = 5 * time.Second
	maxFaults = 4096 // of one table
)

// ErrBadFault refuses a fault that makes no sense.
var ErrBadFault = errors.New("bad link fault")

// Links are the faults of the links between nodes: a table that may be shared by
// all channels of a process and outlives them. It is safe for concurrent use, and
// a change takes hold at once, of what is under way too.
//
// A channel acts on it at its own sockets (see [Config.Links]):
//
//   - UDP is dropped or held back by who sends it;
//   - a TCP connection obeys at the end that dialled it, in both directions, for
//     the other end does not know yet who is calling. A cut holds what is read and
//     written as a network does that swallows packets, until it heals or a
//     deadline or Close ends the wait; so does it hold a dial. A packet lost
//     costs the time until TCP would send it again.
type Links struct {
	setting sync.Mutex
	table   atomic.Pointer[faults] // nil: all is well
}

// NewLinks returns a table without faults.
func NewLinks() *Links { return new(Links) }

// faults is one state of the table. It does not change.
type faults struct {
	listed   []Fault
	of       map[direction]Fault
	replaced chan struct{} // closed when another state has taken its place
}

type direction struct{ from, to string }

// Set replaces all faults; those that do nothing are left out. It returns
// [ErrBadFault], and changes nothing, if any of them makes no sense. Names of
// hosts are looked up once, here, for gossip uses numbers.
func (l *Links) Set(all []Fault) error {
	next, err := newFaults(all)
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

// Faults returns those in force, ordered by address.
func (l *Links) Faults() []Fault {
	if now := l.table.Load(); now != nil {
		return slices.Clone(now.listed)
	}
	return nil
}

// newFaults is nil when there are none.
func newFaults(all []Fault) (*faults, error) {
	if len(all) > maxFaults {
		return nil, fmt.Errorf("%w: %d of them, at most %d are kept", ErrBadFault, len(all), maxFaults)
	}
	f := &faults{of: make(map[direction]Fault), replaced: make(chan struct{})}
	for _, fault := range all {
		if err := fault.validate(); err != nil {
			return nil, err
		}
		if fault.Cut || fault.Delay > 0 || fault.Loss > 0 {
			f.listed = append(f.listed, fault)
		}
	}
	if len(f.listed) == 0 {
		return nil, nil
	}
	slices.SortFunc(f.listed, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	forms := addressForms(f.listed)
	for _, fault := range f.listed {
		for _, from := range forms[fault.From] {
			for _, to := range forms[fault.To] {
				if _, twice := f.of[direction{from, to}]; twice {
					return nil, fmt.Errorf("%w: two for the link from %s to %s", ErrBadFault, fault.From, fault.To)
				}
				f.of[direction{from, to}] = fault
			}
		}
	}
	return f, nil
}

func (f Fault) validate() error {
	for _, addr := range []string{f.From, f.To} {
		if _, _, err := hostPort(addr); err != nil {
			return fmt.Errorf("%w: peer %w", ErrBadFault, err)
		}
	}
	switch {
	case f.From == f.To:
		return fmt.Errorf("%w: %s has no link to itself", ErrBadFault, f.From)
	case f.Delay < 0 || f.Delay > MaxDelay:
		return fmt.Errorf("%w: delay %v, want 0 to %v", ErrBadFault, f.Delay, MaxDelay)
	case !(f.Loss >= 0 && f.Loss <= 1): // nor NaN
		return fmt.Errorf("%w: loss %v, want 0 to 1", ErrBadFault, f.Loss)
	}
	return nil
}

// lookupBudget bounds the look-up of all names in a table.
const lookupBudget = time.Second

// addressForms are the ways in which each address may be met: as given, and with
// its host as numbers, which is how gossip knows it.
func addressForms(all []Fault) map[string][]string {
	ctx, cancel := context.WithTimeout(context.Background(), lookupBudget)
	defer cancel()
	forms := make(map[string][]string)
	for _, fault := range all {
		for _, addr := range []string{fault.From, fault.To} {
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
		return forms // nobody can be reached there either
	}
	for _, ip := range ips {
		forms = append(forms, net.JoinHostPort(ip.Unmap().String(), port))
	}
	return forms
}

// loses draws whether a packet is lost.
func (f Fault) loses() bool { return f.Loss > 0 && rand.Float64() < f.Loss }

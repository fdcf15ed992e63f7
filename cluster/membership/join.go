package membership

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// join asks the given addresses, again and again, to admit this node. It ends with errAbsent
// if there is no cluster to join, and this node is to found one then.
func (b *bootstrap) join(ctx context.Context) error {
	body, err := encodeJoin(b.self, b.start)
	if err != nil {
		return err
	}
	const first, most = 100 * time.Millisecond, 5 * time.Second
	const alone = time.Second // between two looks where nobody has a cluster yet: all may have just started
	var throttle joinThrottle
	var since time.Time // there was nobody who may be a member
	for pause := first; ; pause = min(2*pause, most) {
		errs := b.askToJoin(ctx, body)
		if errs == nil {
			return nil
		}
		nobody := absent(errs)
		if nobody {
			pause = min(pause, alone)
		}
		switch {
		case !nobody:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case b.start.FoundIfAbsent && time.Since(since) >= b.start.FoundAfter:
			return errAbsent
		}
		err := errors.Join(errs...)
		var remote *peer.RemoteError
		if errors.As(err, &remote) || errors.Is(err, ring.ErrNameTaken) || errors.Is(err, peer.ErrRefused) {
			return fmt.Errorf("the cluster refused this node: %w", err)
		}
		if throttle.allow(time.Now(), err) {
			b.log.Warn("no node of the cluster answered yet, asking again", "join", b.start.Join, "err", err)
		}
		select {
		case <-time.After(pause/2 + time.Duration(b.rand.Int64N(int64(pause)))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// joinLogInterval is the time between two lines about one error.
const joinLogInterval = 30 * time.Second

// joinThrottle decides which errors of a node that joins are logged: a new one at once, and
// one that lasts every 30 seconds.
type joinThrottle struct {
	text string // of the newest error that was logged, without digits
	at   time.Time
}

// allow reports whether an error should be logged now. Errors that differ in digits are one,
// because each attempt has a port of its own.
func (t *joinThrottle) allow(now time.Time, err error) bool {
	text := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, err.Error())
	if text == t.text && now.Sub(t.at) < joinLogInterval {
		return false
	}
	t.text, t.at = text, now
	return true
}

// askToJoin asks all addresses that there are now once, until one admits this node. It
// returns why none did.
func (b *bootstrap) askToJoin(ctx context.Context, body []byte) (errs []error) {
	named, errs := b.addresses.lookedUp(ctx)
	asked := b.addresses.distinct(named)
	if len(asked) == 0 {
		errs = append(errs, errNowhere)
	}
	for _, addr := range asked {
		asking, cancel := context.WithTimeout(ctx, 5*time.Second)
		reply, err := b.channel.CallAddr(asking, addr, peer.Join, body)
		cancel()
		if err != nil {
			errs = append(errs, err) // it names the address
			continue
		}
		state, err := decodeAdmission(reply)
		if err != nil {
			return []error{fmt.Errorf("answer of %s: %w", addr, err)}
		}
		b.log.Info("joined a cluster", "through", addr, "members", len(ring.NewRing(state).Members()))
		if err := b.adopt(state); err != nil {
			return []error{err}
		}
		return nil
	}
	return errs
}

// adopt makes the state of the cluster that admitted this node its own. What an earlier
// node of this name has made is not counted on. A node that has a place at once, with an
// empty disk, holds nothing of what it is taken to hold.
func (b *bootstrap) adopt(state *ring.State) error {
	for _, start := range state.Incarnations(b.self.ID) {
		b.disk.Outgrow(start)
	}
	if self, _ := state.Member(b.self.ID); self.Status == ring.Up {
		b.log.Warn("taking the place of a node of this name; until the others have filled it, it does not answer for what it holds", "node", self.Name)
		if err := b.disk.Lost(); err != nil {
			return err
		}
	}
	return b.state.Adopt(state)
}

// AnswerJoin answers [peer.Join]: it admits a newcomer to the ring.
func (m *Membership) AnswerJoin(body []byte) ([]byte, error) {
	newcomer, request, err := decodeJoin(body)
	if err != nil {
		return nil, err
	}
	partitions := request.Partitions
	if ours := m.state.Ring().Partitions(); partitions != ours {
		return nil, fmt.Errorf("the cluster has %d partitions, the node was made for %d: start it with --partitions %d and an empty data directory", ours, partitions, ours)
	}
	err = m.state.Change(func(s *ring.State) error { return m.admit(s, newcomer, request.Replace) })
	if errors.Is(err, ring.ErrNameTaken) {
		return []byte{admissionNameTaken}, nil
	}
	if err != nil {
		return nil, err
	}
	m.log.Info("node joins the ring", "node", newcomer.Name, "peer_addr", newcomer.PeerAddr)
	return append([]byte{admitted}, m.state.Encode()...), nil
}

// admit gives a newcomer a place of its own, or that of the dead member of its name.
func (m *Membership) admit(s *ring.State, newcomer ring.Member, replace bool) error {
	join := s.Join
	if replace {
		join = s.Replace
	}
	old, known := s.Member(newcomer.ID)
	if err := join(newcomer); err != nil {
		return err
	}
	if known && old.Status != ring.Removed && old.Instance != newcomer.Instance && m.Alive(newcomer.ID) {
		return fmt.Errorf("%s at %s: %w", old.Name, old.PeerAddr, ErrMemberUp)
	}
	return nil
}

// joinRequest is what a newcomer tells of itself. It is sent once in a node's life, so
// its encoding is one that people can read.
type joinRequest struct {
	Name       string `json:"name"`
	Zone       string `json:"zone,omitempty"`
	Instance   string `json:"instance"`
	ClientAddr string `json:"client_addr"`
	PeerAddr   string `json:"peer_addr"`
	AdminAddr  string `json:"admin_addr"`
	// Partitions is what its store is made for, which cannot be changed.
	Partitions int `json:"partitions"`
	// Replace asks for the place of the dead member of this name.
	Replace bool `json:"replace,omitempty"`
}

const maxJoinRequest = 4 << 10

func encodeJoin(m ring.Member, start *Start) ([]byte, error) {
	return json.Marshal(joinRequest{
		Name: m.Name, Zone: m.Zone, Instance: m.Instance, Partitions: start.Partitions, Replace: start.Replace,
		ClientAddr: m.ClientAddr, PeerAddr: m.PeerAddr, AdminAddr: m.AdminAddr,
	})
}

func decodeJoin(body []byte) (m ring.Member, r joinRequest, err error) {
	if len(body) > maxJoinRequest {
		return m, r, fmt.Errorf("join request of %d bytes: at most %d are taken", len(body), maxJoinRequest)
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return m, r, fmt.Errorf("join request: %w", err)
	}
	if err := ring.ValidName(r.Name); err != nil {
		return m, r, fmt.Errorf("join request: %w", err)
	}
	return ring.Member{
		ID: ring.IDOf(r.Name), Name: r.Name, Zone: r.Zone, Instance: r.Instance,
		ClientAddr: r.ClientAddr, PeerAddr: r.PeerAddr, AdminAddr: r.AdminAddr,
	}, r, nil
}

// The first byte of the answer to a join request; a ring state follows if the
// newcomer is admitted.
const (
	admitted           = 0
	admissionNameTaken = 1
)

func decodeAdmission(reply []byte) (*ring.State, error) {
	switch {
	case len(reply) > 1 && reply[0] == admitted:
		return ring.DecodeState(reply[1:])
	case len(reply) == 1 && reply[0] == admissionNameTaken:
		return nil, ring.ErrNameTaken
	default:
		return nil, fmt.Errorf("malformed admission of %d bytes", len(reply))
	}
}

package membership

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// join asks the given addresses, again and again, to admit this node.
func (m *Membership) join(ctx context.Context) error {
	body, err := encodeJoin(m.cfg.Self, m.cfg.Start.Partitions)
	if err != nil {
		return err
	}
	const first, most = 100 * time.Millisecond, 5 * time.Second
	for pause := first; ; pause = min(2*pause, most) {
		err := m.askToJoin(ctx, body)
		if err == nil {
			return nil
		}
		var remote *peer.RemoteError
		if errors.As(err, &remote) || errors.Is(err, peer.ErrRefused) || errors.Is(err, ring.ErrNameTaken) {
			return fmt.Errorf("the cluster refused this node: %w", err)
		}
		m.log.Warn("no node of the cluster answered yet, asking again", "join", m.cfg.Start.Join, "err", err)
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// askToJoin asks each address once, until one admits this node.
func (m *Membership) askToJoin(ctx context.Context, body []byte) error {
	var errs []error
	for _, addr := range m.cfg.Start.Join {
		asking, cancel := context.WithTimeout(ctx, 5*time.Second)
		reply, err := m.cfg.Channel.CallAddr(asking, addr, peer.Join, body)
		cancel()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", addr, err))
			continue
		}
		state, err := decodeAdmission(reply)
		if err != nil {
			return fmt.Errorf("answer of %s: %w", addr, err)
		}
		m.log.Info("joined a cluster", "through", addr, "members", len(ring.NewRing(state).Members()))
		return m.state.Adopt(state)
	}
	return errors.Join(errs...)
}

// AnswerJoin answers [peer.Join]: it admits a newcomer to the ring.
func (m *Membership) AnswerJoin(body []byte) ([]byte, error) {
	newcomer, partitions, err := decodeJoin(body)
	if err != nil {
		return nil, err
	}
	if ours := m.state.Ring().Partitions(); partitions != ours {
		return nil, fmt.Errorf("the cluster has %d partitions, the node was made for %d: start it with --partitions %d and an empty data directory", ours, partitions, ours)
	}
	err = m.state.Change(func(s *ring.State) error { return s.Join(newcomer) })
	if errors.Is(err, ring.ErrNameTaken) {
		return []byte{admissionNameTaken}, nil
	}
	if err != nil {
		return nil, err
	}
	m.log.Info("node joins the ring", "node", newcomer.Name, "peer_addr", newcomer.PeerAddr)
	return append([]byte{admitted}, m.state.Encode()...), nil
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
}

const maxJoinRequest = 4 << 10

func encodeJoin(m ring.Member, partitions int) ([]byte, error) {
	return json.Marshal(joinRequest{
		Name: m.Name, Zone: m.Zone, Instance: m.Instance, Partitions: partitions,
		ClientAddr: m.ClientAddr, PeerAddr: m.PeerAddr, AdminAddr: m.AdminAddr,
	})
}

func decodeJoin(body []byte) (m ring.Member, partitions int, err error) {
	if len(body) > maxJoinRequest {
		return m, 0, fmt.Errorf("join request of %d bytes: at most %d are taken", len(body), maxJoinRequest)
	}
	var r joinRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return m, 0, fmt.Errorf("join request: %w", err)
	}
	if err := ring.ValidName(r.Name); err != nil {
		return m, 0, fmt.Errorf("join request: %w", err)
	}
	return ring.Member{
		ID: ring.IDOf(r.Name), Name: r.Name, Zone: r.Zone, Instance: r.Instance,
		ClientAddr: r.ClientAddr, PeerAddr: r.PeerAddr, AdminAddr: r.AdminAddr,
	}, r.Partitions, nil
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

package cluster

import (
	"encoding/json"
	"fmt"

	"github.com/quorate/quorate/cluster/core/ring"
)

// joinRequest is what a newcomer says of itself. It is sent once in a node's
// life, so its encoding favours the reader.
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

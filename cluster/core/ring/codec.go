package ring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// MaxEncoded bounds an encoded state.
const MaxEncoded = 16 << 20

// ErrBadState is returned, wrapped, for bytes that are no state of this format.
var ErrBadState = errors.New("bad ring state")

const (
	stateFormat = 2
	// firstFormat had the zone in the word, and neither vacant seats nor incarnations.
	firstFormat = 1
	// maxVersion keeps numbers exact wherever JSON is read, and leaves no room
	// for a mangled state to use up the Lamport clock.
	maxVersion = 1 << 53
)

// The stored form is JSON: it is small, rarely written, and readable for an
// operator. Ids and target names are 16 hex digits, because many readers lose the
// low bits of large JSON numbers. Unknown fields are refused: two nodes of which one
// drops them would never agree.
type (
	stateJSON struct {
		Format     int          `json:"format"`
		Cluster    string       `json:"cluster"`
		Partitions int          `json:"partitions"`
		Quorums    quorumsJSON  `json:"quorums"`
		Members    []memberJSON `json:"members"`
		Layout     layoutJSON   `json:"layout"`
	}
	quorumsJSON struct {
		N        int    `json:"n"`
		R        int    `json:"r"`
		W        int    `json:"w"`
		Version  uint64 `json:"version"`
		NVersion uint64 `json:"n_version"`
	}
	memberJSON struct {
		ID          hexID  `json:"id"`
		Name        string `json:"name"`
		ClientAddr  string `json:"client_addr"`
		PeerAddr    string `json:"peer_addr"`
		AdminAddr   string `json:"admin_addr"`
		Version     uint64 `json:"version"`
		Intent      intent `json:"intent"`
		Zone        string `json:"zone"`
		ZoneVersion uint64 `json:"zone_version"`
		Instance    string `json:"instance"`
		Vacant      bool   `json:"vacant,omitempty"`
		LastStart   hexID  `json:"last_start,omitempty"`
		WordVersion uint64 `json:"word_version"`
		Done        hexID  `json:"done"`
		DoneVersion uint64 `json:"done_version"`
		// Incarnations are the newest starts, the newest first.
		Incarnations []hexID `json:"incarnations,omitempty"`
	}
	layoutJSON struct {
		Number uint64     `json:"epoch"` // the name since the first format
		N      int        `json:"n"`
		Seats  []seatJSON `json:"seats"`
		Owners []int      `json:"owners"` // index into seats, by partition
	}
	seatJSON struct {
		ID   hexID  `json:"id"`
		Zone string `json:"zone"`
	}
)

type hexID uint64

func formatID(id NodeID) string { return fmt.Sprintf("%016x", uint64(id)) }

func (h hexID) MarshalText() ([]byte, error) { return []byte(formatID(NodeID(h))), nil }

func (h *hexID) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil || len(text) != 16 {
		return fmt.Errorf("id %q: want 16 hex digits", text)
	}
	*h = hexID(v)
	return nil
}

var intents = [...]string{in: "in", out: "out", gone: "gone"}

func (i intent) MarshalText() ([]byte, error) { return []byte(intents[i]), nil }

func (i *intent) UnmarshalText(text []byte) error {
	for v, name := range intents {
		if name == string(text) {
			*i = intent(v)
			return nil
		}
	}
	return fmt.Errorf("intent %q: want in, out or gone", text)
}

// Encode returns the stored and gossiped form of s. Equal states have equal
// bytes.
func (s *State) Encode() []byte {
	q := s.quorums
	j := stateJSON{
		Format: stateFormat, Cluster: s.cluster, Partitions: s.Partitions(),
		Quorums: quorumsJSON{q.N, q.R, q.W, q.Version, q.nVersion},
		Members: make([]memberJSON, 0, len(s.records)),
		Layout:  s.layout.encode(),
	}
	for _, id := range s.records.ids() {
		r := s.records[id]
		var starts []hexID
		for _, start := range r.incarnations.known() {
			starts = append(starts, hexID(start))
		}
		j.Members = append(j.Members, memberJSON{
			ID: hexID(id), Name: r.name,
			ClientAddr: r.address.client, PeerAddr: r.address.peer, AdminAddr: r.address.admin, Version: r.address.version,
			Zone: r.zone.name, ZoneVersion: r.zone.version,
			Intent: r.word.intent, Instance: r.word.instance, Vacant: r.word.vacant, LastStart: hexID(r.word.lastStart), WordVersion: r.word.version,
			Done: hexID(r.done.target), DoneVersion: r.done.version, Incarnations: starts,
		})
	}
	b, err := json.Marshal(j)
	if err != nil {
		panic(fmt.Sprintf("ring: encode state: %v", err)) // plain structs of valid texts: it cannot fail
	}
	return b
}

func (l *layout) encode() layoutJSON {
	j := layoutJSON{Number: l.number, N: l.n, Owners: make([]int, len(l.owners))}
	for _, s := range l.seats {
		j.Seats = append(j.Seats, seatJSON{hexID(s.ID), s.Zone})
	}
	for p, id := range l.owners {
		j.Owners[p], _ = l.seat(id)
	}
	return j
}

// DecodeState decodes what Encode returned. It refuses, by an error that wraps
// [ErrBadState], any bytes that Encode cannot have made.
func DecodeState(b []byte) (*State, error) {
	s, err := decodeState(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadState, err)
	}
	return s, nil
}

func decodeState(b []byte) (*State, error) {
	if len(b) > MaxEncoded {
		return nil, fmt.Errorf("%d bytes, at most %d", len(b), MaxEncoded)
	}
	var j stateJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("bytes after the end")
	}
	if j.Format < firstFormat || j.Format > stateFormat {
		return nil, fmt.Errorf("format %d, this build reads %d to %d", j.Format, firstFormat, stateFormat)
	}
	if j.Format == firstFormat {
		j.upgrade()
	}
	if err := errors.Join(validCluster(j.Cluster), ValidPartitions(j.Partitions)); err != nil {
		return nil, err
	}
	s := &State{cluster: j.Cluster}
	var err error
	if s.quorums, err = decodeQuorums(j.Quorums); err != nil {
		return nil, err
	}
	if s.records, err = decodeRecords(j.Members); err != nil {
		return nil, err
	}
	if s.layout, err = decodeLayout(j.Layout, j.Partitions, s.records); err != nil {
		return nil, err
	}
	return s, nil
}

// upgrade gives a state of the first format what later ones have.
func (j *stateJSON) upgrade() {
	for i := range j.Members {
		m := &j.Members[i]
		m.ZoneVersion, m.Vacant, m.LastStart, m.Incarnations = m.WordVersion, false, 0, nil
	}
}

func decodeQuorums(j quorumsJSON) (q quorums, err error) {
	if j.Version > maxVersion || j.NVersion > j.Version {
		return q, fmt.Errorf("quorums have version %d, and their n has %d: want the second no higher, and both at most %d", j.Version, j.NVersion, uint64(maxVersion))
	}
	q = quorums{Quorums{j.N, j.R, j.W, j.Version}, j.NVersion}
	return q, q.Validate()
}

func decodeRecords(list []memberJSON) (records, error) {
	if len(list) > MaxNames {
		return nil, fmt.Errorf("%d members, at most %d", len(list), MaxNames)
	}
	all := make(records, len(list))
	last := NodeID(0)
	for _, j := range list {
		m := Member{
			ID: NodeID(j.ID), Name: j.Name, ClientAddr: j.ClientAddr, PeerAddr: j.PeerAddr, AdminAddr: j.AdminAddr,
			Zone: j.Zone, Instance: j.Instance,
		}
		if err := m.validate(); err != nil {
			return nil, err
		}
		if m.ID <= last {
			return nil, fmt.Errorf("member %s is out of order", m.Name)
		}
		last = m.ID
		if max(j.Version, j.ZoneVersion, j.WordVersion, j.DoneVersion) > maxVersion {
			return nil, fmt.Errorf("member %s has a version over %d", m.Name, uint64(maxVersion))
		}
		if j.LastStart != 0 && !j.Vacant {
			return nil, fmt.Errorf("member %s has a last start, and its seat is not vacant", m.Name)
		}
		starts, err := decodeIncarnations(j.Incarnations)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", m.Name, err)
		}
		all[m.ID] = record{
			name:    m.Name,
			address: address{j.Version, m.ClientAddr, m.PeerAddr, m.AdminAddr},
			zone:    zone{j.ZoneVersion, m.Zone},
			word:    word{j.WordVersion, j.Intent, m.Instance, j.Vacant, Incarnation(j.LastStart)},
			done:    mark{j.DoneVersion, uint64(j.Done)},

			incarnations: starts,
		}
	}
	return all, nil
}

func decodeIncarnations(list []hexID) (starts incarnations, err error) {
	if len(list) > maxIncarnations {
		return starts, fmt.Errorf("%d incarnations, at most %d", len(list), maxIncarnations)
	}
	for i, start := range list {
		if start == 0 || i > 0 && start >= list[i-1] {
			return starts, fmt.Errorf("incarnation %d is out of order", i)
		}
		starts[i] = Incarnation(start)
	}
	return starts, nil
}

// decodeLayout decodes the layout of q partitions, whose seats are of members.
func decodeLayout(j layoutJSON, q int, members records) (*layout, error) {
	switch {
	case j.Number < 1 || j.Number > maxVersion:
		return nil, fmt.Errorf("layout number %d, want 1 to %d", j.Number, uint64(maxVersion))
	case j.N < 1 || j.N > MaxReplicas:
		return nil, fmt.Errorf("layout with n = %d, want 1 to %d", j.N, MaxReplicas)
	case len(j.Seats) < 1 || len(j.Seats) > MaxMembers:
		return nil, fmt.Errorf("layout with %d seats, want 1 to %d", len(j.Seats), MaxMembers)
	case len(j.Owners) != q:
		return nil, fmt.Errorf("layout with %d owners, want one for each of %d partitions", len(j.Owners), q)
	}
	seats := make([]seat, 0, len(j.Seats))
	for i, sj := range j.Seats {
		if i > 0 && sj.ID <= j.Seats[i-1].ID {
			return nil, fmt.Errorf("seat %d is out of order", i)
		}
		if _, ok := members[NodeID(sj.ID)]; !ok {
			return nil, fmt.Errorf("seat %d is of %016x, which is no member", i, uint64(sj.ID))
		}
		if len(sj.Zone) > maxText || !utf8.ValidString(sj.Zone) {
			return nil, fmt.Errorf("seat %d has the zone %q, want at most %d bytes of UTF-8", i, sj.Zone, maxText)
		}
		seats = append(seats, seat{ID: NodeID(sj.ID), Zone: sj.Zone})
	}
	owners := make([]NodeID, q)
	for p, i := range j.Owners {
		if i < 0 || i >= len(seats) {
			return nil, fmt.Errorf("partition %d is owned by seat %d, want 0 to %d", p, i, len(seats)-1)
		}
		owners[p] = seats[i].ID
	}
	return newLayout(j.Number, j.N, seats, owners), nil
}

func validCluster(id string) error {
	if id == "" || len(id) > maxText || !utf8.ValidString(id) {
		return fmt.Errorf("cluster id %q, want 1 to %d bytes of UTF-8", id, maxText)
	}
	return nil
}

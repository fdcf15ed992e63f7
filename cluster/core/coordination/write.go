package coordination

import "github.com/quorate/quorate/cluster/core/quorum"

// Write brings a new version of a key, which this node has made already, to every
// primary, until W nodes hold it.
//
//  1. The object goes to all other primaries at once.
//  2. A primary that is down, fails, or stays silent has missed the write. If it can be
//     asked again, it is; else the next healthy fallback gets the object as a hint for it.
//  3. A fallback that fails or stays silent is replaced in the same way.
//  4. The late answer of a silent node counts as any other, and a primary that has
//     answered has missed nothing.
//
// Those primaries for which nobody has a hint when the request ends are in [Write.Missed],
// and the driver keeps a hint for each on this node. A node that is no primary keeps its own copy as a
// hint for the first primary, so that one needs no other fallback when the write starts.
type Write struct {
	nodes  Replicas
	tally  quorum.Tally
	up     quorum.Nodes
	missed quorum.Nodes
	done   bool
	stands [quorum.MaxNodes]uint8 // fallback that was asked -> the primary it stands in for
}

// Begin makes m ready for a write that needs that number of acknowledgements.
func (m *Write) Begin(nodes Replicas, need int) {
	m.nodes, m.up, m.missed, m.done = nodes, 0, 0, false
	m.tally.Start(need)
}

// Raise lets the write need more acknowledgements; a smaller number changes nothing.
func (m *Write) Raise(need int) { m.tally.Raise(need) }

// Tally returns the count of the acknowledgements.
func (m *Write) Tally() quorum.Tally { return m.tally }

// Missed returns the primaries that missed the write, and for which no other node has
// been sent a hint.
func (m *Write) Missed() quorum.Nodes { return m.missed }

// Step takes an event and appends what is to be done. After [Finish] it only records
// who has missed the write.
func (m *Write) Step(e Event, actions []Action) []Action {
	if e.Kind != Answer {
		m.up = e.Up
	}
	switch e.Kind {
	case Start:
		actions = m.start(actions)
	case Answer:
		m.tally.Answer(e.Place)
		m.missed = m.missed.Without(e.Place)
		if m.tally.Won() && !m.done {
			m.done = true
			actions = append(actions, Action{Kind: Finish})
		}
		return actions
	case Fail:
		// A silent node was replaced when its time ran out.
		if m.tally.Waiting().Has(e.Place) {
			m.miss(e.Place)
		}
		m.tally.Fail(e.Place)
	case Late:
		m.tally.Retry()
		late := m.tally.Silence()
		for at := range m.nodes.Walk {
			if late.Has(at) && at != m.nodes.Self {
				m.miss(at)
			}
		}
	case Look:
		m.tally.Retry()
	}
	return m.resend(actions)
}

func (m *Write) start(actions []Action) []Action {
	if m.nodes.Self >= 0 {
		m.tally.Ask(m.nodes.Self)
	}
	for at := range m.nodes.Primaries {
		switch {
		case at == m.nodes.Self:
		case m.up.Has(at):
			m.tally.Ask(at)
			actions = append(actions, Action{Kind: Store, Place: at})
		default:
			actions = append(actions, Action{Kind: Skip, Place: at})
			if at > 0 || m.nodes.SelfIsPrimary() {
				m.missed = m.missed.With(at)
			}
		}
	}
	return actions
}

// miss records that the copy sent to the node at a place did not arrive.
func (m *Write) miss(place int) {
	if place >= m.nodes.Primaries {
		place = int(m.stands[place])
	}
	m.missed = m.missed.With(place)
}

// resend sends what did not arrive again: to its primary, or as a hint to a fallback.
func (m *Write) resend(actions []Action) []Action {
	if m.done || m.missed == 0 {
		return actions
	}
	free := m.up &^ m.tally.Asked()
	for at := range m.nodes.Primaries {
		if !m.missed.Has(at) {
			continue
		}
		if free.Has(at) {
			actions = append(actions, Action{Kind: Store, Place: at})
			m.tally.Ask(at)
			m.missed = m.missed.Without(at)
			continue
		}
		for other := m.nodes.Primaries; other < m.nodes.Walk; other++ {
			if free.Has(other) && other != m.nodes.Self {
				actions = append(actions, Action{Kind: StoreHint, Place: other, For: at})
				m.tally.Ask(other)
				m.stands[other] = uint8(at)
				m.missed, free = m.missed.Without(at), free.Without(other)
				break
			}
		}
	}
	return actions
}

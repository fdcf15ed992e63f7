package coordination

import "github.com/quorate/quorate/cluster/core/quorum"

// Write brings a new version of a key, which this node has made already, to every
// primary, until W nodes hold it.
//
//  1. The object goes to all other primaries at once.
//  2. A primary that is down, fails, or stays silent is lacking. If it can be asked
//     again, it is; else the next healthy fallback gets the object as a hint for it.
//  3. A fallback that fails or stays silent is replaced in the same way.
//  4. The late answer of a silent node counts as any other.
//
// What still lacks a holder when the request ends is in [Write.Lacking], and the driver
// keeps a hint for it on this node. A node that is no primary keeps its own copy as a
// hint for the first primary, so that one needs no other stand-in when the write starts.
type Write struct {
	nodes   Replicas
	tally   quorum.Tally
	up      quorum.Nodes
	lacking quorum.Nodes
	done    bool
	stands  [quorum.MaxNodes]uint8 // fallback that was asked -> the primary it stands in for
}

// Begin makes m ready for a write that needs so many acknowledgements.
func (m *Write) Begin(nodes Replicas, need int) {
	m.nodes, m.up, m.lacking, m.done = nodes, 0, 0, false
	m.tally.Start(need)
}

// Raise lets the write need more acknowledgements; a smaller number changes nothing.
func (m *Write) Raise(need int) { m.tally.Raise(need) }

// Tally returns the count of the acknowledgements.
func (m *Write) Tally() quorum.Tally { return m.tally }

// Lacking returns the primaries whose copy no node holds, nor has been sent.
func (m *Write) Lacking() quorum.Nodes { return m.lacking }

// Step takes an event and appends what is to be done. After [Finish] it only records
// which copies are lacking.
func (m *Write) Step(e Event, actions []Action) []Action {
	if e.Kind != Answer {
		m.up = e.Up
	}
	switch e.Kind {
	case Start:
		actions = m.start(actions)
	case Answer:
		m.tally.Answer(e.Place)
		if m.tally.Won() && !m.done {
			m.done = true
			actions = append(actions, Action{Kind: Finish})
		}
		return actions
	case Fail:
		// A silent node was replaced when its time ran out.
		if m.tally.Waiting().Has(e.Place) {
			m.lack(e.Place)
		}
		m.tally.Fail(e.Place)
	case Late:
		m.tally.Retry()
		late := m.tally.Silence()
		for at := range m.nodes.Walk {
			if late.Has(at) && at != m.nodes.Self {
				m.lack(at)
			}
		}
	case Look:
		m.tally.Retry()
	}
	return m.place(actions)
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
				m.lacking = m.lacking.With(at)
			}
		}
	}
	return actions
}

// lack records that the copy sent to the node at a place did not arrive.
func (m *Write) lack(place int) {
	if place >= m.nodes.Primaries {
		place = int(m.stands[place])
	}
	m.lacking = m.lacking.With(place)
}

// place finds a holder for each copy that is lacking.
func (m *Write) place(actions []Action) []Action {
	if m.done || m.lacking == 0 {
		return actions
	}
	free := m.up &^ m.tally.Asked()
	for at := range m.nodes.Primaries {
		if !m.lacking.Has(at) {
			continue
		}
		if free.Has(at) {
			actions = append(actions, Action{Kind: Store, Place: at})
			m.tally.Ask(at)
			m.lacking = m.lacking.Without(at)
			continue
		}
		for other := m.nodes.Primaries; other < m.nodes.Walk; other++ {
			if free.Has(other) && other != m.nodes.Self {
				actions = append(actions, Action{Kind: StoreHint, Place: other, For: at})
				m.tally.Ask(other)
				m.stands[other] = uint8(at)
				m.lacking, free = m.lacking.Without(at), free.Without(other)
				break
			}
		}
	}
	return actions
}

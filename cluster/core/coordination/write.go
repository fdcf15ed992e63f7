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
//  5. While the ring changes, the object also goes to the nodes that are primaries by the
//     ring before or after the change alone ([Write.Also]). They count for no quorum. The
//     write waits until each of them has answered or failed, or, once it has its quorum, until
//     they are late: a node that hangs or is gone does not stop the writes.
//
// Why a read by the other ring meets such a write: a primary by that ring has the write by
// step 5, or is one of this ring's, of which at most N-W lack it. The read asks more than that.
//
// An object that is too large to be sent whole for each small change of it spares the fallbacks
// ([Write.SpareFallbacks]): it goes to them only if the primaries that can answer are too few for W.
//
// Those primaries for which nobody has a hint when the request ends are in [Write.Missed],
// and the driver keeps a hint for each on this node. A node that is no primary keeps its own copy as a
// hint for the first primary, so that one needs no other fallback when the write starts.
type Write struct {
	nodes  Replicas
	tally  quorum.Tally
	up     quorum.Nodes
	missed quorum.Nodes
	also   int          // nodes besides the walk that get the write
	others quorum.Nodes // those of them that are waited for
	spare  bool         // fallbacks are asked only if the quorum needs them
	done   bool
	stands [quorum.MaxNodes]uint8 // fallback that was asked -> the primary it stands in for
}

// Begin makes m ready for a write that needs that number of acknowledgements.
func (m *Write) Begin(nodes Replicas, need int) {
	m.nodes, m.up, m.missed, m.also, m.others, m.spare, m.done = nodes, 0, 0, 0, 0, false, false
	m.tally.Start(need)
}

// Also lets the write go to some nodes besides the walk. Their places follow those of the
// walk, and all places are below [quorum.MaxNodes]. It is called before the first Step.
func (m *Write) Also(nodes int) { m.also = nodes }

// SpareFallbacks lets the write ask fallbacks only if its quorum needs them. It is called before the
// first Step.
func (m *Write) SpareFallbacks() { m.spare = true }

// Raise lets the write need more acknowledgements; a smaller number changes nothing.
func (m *Write) Raise(need int) { m.tally.Raise(need) }

// Tally returns the count of the acknowledgements.
func (m *Write) Tally() quorum.Tally { return m.tally }

// Others returns the nodes besides the primaries and the fallbacks whose answers the write
// waits for.
func (m *Write) Others() quorum.Nodes { return m.others }

// Missed returns the primaries that missed the write, and for which no other node has
// been sent a hint; and those of the other nodes that missed it.
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
		m.answer(e.Place)
		return m.finish(actions)
	case Fail:
		m.fail(e.Place)
	case Late:
		if m.others != 0 && m.tally.Won() {
			m.others = 0
			break // the primaries may take their time
		}
		m.others = 0
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
	return m.finish(m.resend(actions))
}

// isOther reports whether a place is that of a node besides the walk.
func (m *Write) isOther(place int) bool { return place >= m.nodes.Walk }

func (m *Write) answer(place int) {
	m.missed = m.missed.Without(place)
	if m.isOther(place) {
		m.others = m.others.Without(place)
		return
	}
	m.tally.Answer(place)
}

func (m *Write) fail(place int) {
	if m.isOther(place) {
		m.others, m.missed = m.others.Without(place), m.missed.With(place)
		return
	}
	// A silent node was replaced when its time ran out.
	if m.tally.Waiting().Has(place) {
		m.miss(place)
	}
	m.tally.Fail(place)
}

// finish ends the write, once, when nobody has to answer any more.
func (m *Write) finish(actions []Action) []Action {
	if m.done || !m.tally.Won() || m.others != 0 {
		return actions
	}
	m.done = true
	return append(actions, Action{Kind: Finish})
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
	for at := m.nodes.Walk; at < m.nodes.Walk+m.also; at++ {
		if m.up.Has(at) {
			m.others = m.others.With(at)
			actions = append(actions, Action{Kind: Store, Place: at})
		} else {
			actions = append(actions, Action{Kind: Skip, Place: at})
			m.missed = m.missed.With(at)
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
		if m.spare && m.tally.Heeded().Len() >= m.tally.Need() {
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

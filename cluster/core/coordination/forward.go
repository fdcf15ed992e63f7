package coordination

import "github.com/quorate/quorate/cluster/core/quorum"

// Update says what matters of an update for the choice of its coordinator.
type Update struct {
	Serial    bool // it computes from the old value, so that such updates should meet in one place
	Forwarded bool // another node has chosen this one
	ReadOnly  bool // this node's disk takes no writes
}

// Forward finds the coordinator of an update: the node itself, or another one.
//
//  1. An update that was forwarded to this node is coordinated here.
//  2. A primary coordinates what arrives at it. An update that computes from the old
//     value goes to the first primary that can be reached instead.
//  3. Any other node sends the update to the first node of the walk that can be reached.
//     One that fails, refuses or stays silent is followed by the next. It is followed
//     once: the error of a silent node starts no third one.
//  4. A node whose disk takes no writes coordinates only what no other node can.
type Forward struct {
	nodes  Replicas
	update Update
	tally  quorum.Tally
	up     quorum.Nodes
	done   bool
}

// Begin makes m ready for an update.
func (m *Forward) Begin(nodes Replicas, u Update) {
	*m = Forward{nodes: nodes, update: u}
	m.tally.Start(1)
}

// Tally returns the count of the nodes that were asked to coordinate.
func (m *Forward) Tally() quorum.Tally { return m.tally }

// Here reports whether this node coordinates whoever else can be reached. Such an update
// needs no Step.
func (m *Forward) Here() bool {
	return m.update.Forwarded || m.nodes.SelfIsPrimary() && !m.update.Serial && !m.update.ReadOnly
}

// Step takes an event and appends what is to be done: at most one action.
func (m *Forward) Step(e Event, actions []Action) []Action {
	if m.done {
		return actions
	}
	if e.Kind != Answer {
		m.up = e.Up
	}
	switch e.Kind {
	case Answer:
		m.tally.Answer(e.Place)
		m.done = true
		return append(actions, Action{Kind: Finish})
	case Fail:
		m.tally.Fail(e.Place)
	case Refuse:
		m.tally.Refuse(e.Place)
	case Late:
		m.tally.Retry()
		m.tally.Silence()
	case Look:
		m.tally.Retry()
	}
	if m.tally.Waiting() != 0 {
		return actions // a silent node was followed by another one, which may still answer
	}
	return m.next(actions)
}

// next chooses the coordinator from those that were not asked yet.
func (m *Forward) next(actions []Action) []Action {
	switch at := m.first(); {
	case at == Nobody && m.tally.RefusedByAll():
		m.done = true
		return append(actions, Action{Kind: GiveUp})
	case at == Nobody:
		return actions // a later Look may find one
	case at == m.nodes.Self:
		m.done = true
		return append(actions, Action{Kind: Coordinate})
	default:
		m.tally.Ask(at)
		return append(actions, Action{Kind: Send, Place: at})
	}
}

// first returns the place of the first node that can be asked to coordinate, or Nobody.
func (m *Forward) first() int {
	free := m.up &^ m.tally.Asked()
	if m.nodes.Self >= 0 {
		free = free.Without(m.nodes.Self)
	}
	for at := range m.nodes.Walk {
		if free.Has(at) || at == m.nodes.Self && !m.update.ReadOnly {
			return at
		}
	}
	return m.nodes.Self
}

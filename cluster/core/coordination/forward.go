package coordination

import "github.com/quorate/quorate/cluster/core/quorum"

// Update says what matters of an update for the choice of its coordinator.
type Update struct {
	Serial    bool // it computes from the old value, and must not be carried out twice
	Forwarded bool // another node has chosen this one
	Final     bool // it was sent on once already: this node coordinates it, or nobody
	ReadOnly  bool // this node's disk takes no writes
	Abstains  bool // this node leaves updates that compute to others for now
}

// Forward finds the coordinator of an update: the node itself, or another one.
//
//  1. A primary coordinates what arrives at it. An update that computes from the old
//     value goes to the first primary that can be reached instead.
//  2. Any other node sends the update to the first node of the walk that can be reached.
//     So does a node that was chosen by another one and is not the right one, but once.
//  3. A node that did not carry the update out is followed by the next. If it can still
//     be reached it is asked again, and meanwhile no fallback stands in for it.
//  4. A node that fails or stays silent may have carried the update out. A blind update
//     is sent to the next node then: its origin makes the two one. An update that
//     computes is not; its outcome is unknown.
//  5. A client is answered when no node may begin the update any more, besides the one
//     that answered: what the client writes next must not be replaced by this update.
//  6. A node whose disk takes no writes coordinates only what no other node can.
//  7. A node that abstains coordinates nothing that computes while another primary can be
//     reached. The primary after it does, and no fallback.
type Forward struct {
	nodes    Replicas
	update   Update
	tally    quorum.Tally
	up       quorum.Nodes
	open     quorum.Nodes // nodes that may still begin the update
	deferred quorum.Nodes // nodes that did not carry it out, and are asked again
	abstain  quorum.Nodes // nodes that abstained; they are asked again if all do
	answered bool
	done     bool
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
	switch u := m.update; {
	case u.Forwarded && (u.Final || u.ReadOnly || m.nodes.Self == Nobody):
		return true
	case u.Serial || u.ReadOnly:
		return false
	default:
		return m.nodes.SelfIsPrimary()
	}
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
		m.open = m.open.Without(e.Place)
		m.answered = true
	case Fail:
		if m.tally.Fail(e.Place); m.update.Serial && !m.answered {
			m.done = true
			return append(actions, Action{Kind: Unknown})
		}
	case NotRun:
		m.tally.Fail(e.Place)
		m.open, m.deferred = m.open.Without(e.Place), m.deferred.With(e.Place)
	case Abstain:
		m.tally.Fail(e.Place)
		m.open, m.abstain = m.open.Without(e.Place), m.abstain.With(e.Place)
	case Refuse:
		m.tally.Refuse(e.Place)
		m.open = m.open.Without(e.Place)
	case Late:
		m.open = 0
		if !m.update.Serial {
			m.tally.Silence()
		}
		m.retry()
	case Look:
		m.retry()
	}
	switch {
	case m.answered && m.open == 0:
		m.done = true
		return append(actions, Action{Kind: Finish})
	case m.answered || m.tally.Waiting() != 0:
		return actions // a silent node was followed by another one, which may still answer
	}
	return m.next(actions)
}

// retry lets the nodes that failed be asked once more.
func (m *Forward) retry() {
	m.tally.Retry()
	m.deferred, m.abstain = 0, 0
}

// next chooses the coordinator from those that were not asked yet.
func (m *Forward) next(actions []Action) []Action {
	switch at := m.first(); {
	case at == Nobody && m.tally.RefusedByAll():
		m.done = true
		return append(actions, Action{Kind: GiveUp})
	case at == Nobody:
		return actions // a later Look may find one
	case at == m.nodes.Self && m.open != 0:
		return actions // until the time of those is over
	case at == m.nodes.Self:
		m.done = true
		return append(actions, Action{Kind: Coordinate})
	default:
		m.tally.Ask(at)
		m.open = m.open.With(at)
		return append(actions, Action{Kind: Send, Place: at})
	}
}

// first returns the place of the first node that can be asked to coordinate, or Nobody.
func (m *Forward) first() int {
	free := m.up &^ m.tally.Asked()
	if m.nodes.Self >= 0 {
		free = free.Without(m.nodes.Self)
	}
	primaries := m.up & quorum.FirstNodes(m.nodes.Primaries)
	deferred, later := m.deferred&primaries, (m.deferred|m.abstain)&primaries
	abstains := m.update.Abstains && m.update.Serial
	for at := range m.nodes.Walk {
		switch {
		case later != 0 && at >= m.nodes.Primaries, m.update.Serial && deferred.Has(at):
			return Nobody
		case at == m.nodes.Self && !m.update.ReadOnly && !abstains:
			return at
		case at >= m.nodes.Primaries && m.update.Forwarded: // this node was chosen to stand in
		case free.Has(at):
			return at
		}
	}
	if abstains && later != 0 {
		return Nobody
	}
	return m.nodes.Self
}

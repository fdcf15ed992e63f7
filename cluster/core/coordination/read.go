package coordination

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
)

// Read gathers the copies of a key that R replicas hold.
//
//  1. A primary reads its own copy first. Then as many other nodes are asked as the
//     quorum still needs: the primary that is to be first, the other primaries in the
//     order of the walk, then fallbacks, which may keep hints.
//  2. Whoever has a copy sends its digest with the question, and a replica whose copy
//     is equal says only that. A coordinator that has none asks the first node for its
//     object and the others for digests.
//  3. A node that fails or stays silent is replaced by the next.
//  4. A digest that belongs to no object at hand has its object fetched.
//  5. Fallbacks that know nothing prove nothing: at least one primary must be heard
//     before a key counts as absent.
//  6. Where a part of a large collection is enough ([Read.TakeParts]), a node may answer with that
//     in place of its object. It counts only if all copies that were found have its digest, and no
//     primary lacks a copy. Otherwise the nodes are asked a few times more, because a change is often
//     on its way to one of them, and then for their objects.
type Read struct {
	nodes Replicas
	tally quorum.Tally
	up    quorum.Nodes
	done  bool
	parts bool // a part of the object of another node is enough
	looks int  // how often the nodes were asked for parts once more

	key    []byte
	own    []byte      // this node's object, encoded; nil: none
	part   bool        // it has some of its elements only; the digest is that of the whole
	rest   object.Rest // of a part: the totals of its other elements
	digest object.Digest
	found  []finding // what the others answered
}

// finding is what one other node answered.
type finding struct {
	place   int
	exists  bool
	brief   bool // only the digest is known
	part    bool // object has some elements only; the digest is that of the whole
	digest  object.Digest
	encoded []byte
	object  object.Object
}

// Begin makes m ready for a read of key that needs that number of answers.
func (m *Read) Begin(nodes Replicas, key []byte, need int) {
	m.Reset()
	m.nodes, m.key = nodes, key
	m.tally.Start(need)
}

// MostLooks bounds how often a read that needs a part of a collection looks again where replicas differ.
const MostLooks = 6

// TakeParts lets other nodes answer with parts of their objects, until whole ones have to be compared.
// It is called after Begin. A primary that runs the machine has a copy to compare, or needs a whole
// one.
func (m *Read) TakeParts() { m.parts = !m.nodes.SelfIsPrimary() }

// TakesParts reports whether another node may be asked for a part of its object.
func (m *Read) TakesParts() bool { return m.parts }

// Reset makes m as new, but for memory that it keeps for the answers of its next use.
func (m *Read) Reset() {
	clear(m.found)
	m.nodes, m.tally, m.up, m.done, m.parts, m.looks = Replicas{}, quorum.Tally{}, 0, false, false, 0
	m.key, m.own, m.part, m.rest, m.digest, m.found = nil, nil, false, object.Rest{}, 0, m.found[:0]
}

// Tally returns the count of the answers.
func (m *Read) Tally() quorum.Tally { return m.tally }

// Own returns this node's object, encoded, and its digest; nil if it has none.
func (m *Read) Own() ([]byte, object.Digest) { return m.own, m.digest }

// Part reports whether this node's object has some of its elements only. That is enough while all
// others have the same. Before Step is told of an object of another node, and before [Merged.Stale]
// nodes are sent what was found, the caller must call [Read.Complete].
func (m *Read) Part() bool { return m.part }

// Complete gives m this node's object, whole: what is stored by now.
func (m *Read) Complete(own []byte, digest object.Digest) {
	m.own, m.part, m.rest, m.digest = own, false, object.Rest{}, digest
}

// Renew gives m the same elements of this node's object once more, with the totals of the others: what
// is stored by now. It includes what was stored before, which others may have said to have.
func (m *Read) Renew(own []byte, rest object.Rest, digest object.Digest) {
	for i := range m.found {
		if f := &m.found[i]; f.exists && !f.brief && f.digest == m.digest {
			f.encoded, f.digest = own, digest
		}
	}
	m.own, m.rest, m.digest = own, rest, digest
}

// Step takes an event and appends what is to be done. ReadOwn is the last action where
// it occurs.
func (m *Read) Step(e Event, actions []Action) []Action {
	if m.done && (e.Kind != NeedAll || !m.FoundPart()) {
		return actions
	}
	if e.Kind != Answer && e.Kind != NeedAll {
		m.up = e.Up
	}
	switch e.Kind {
	case Start:
		if m.nodes.SelfIsPrimary() {
			m.tally.Ask(m.nodes.Self)
			return append(actions, Action{Kind: ReadOwn, Place: m.nodes.Self})
		}
	case Answer:
		if m.tally.Answered().Has(e.Place) {
			return actions
		}
		if m.take(e.Place, e.Answer) {
			m.tally.Answer(e.Place)
		} else {
			m.tally.Fail(e.Place)
		}
	case Fail:
		m.tally.Fail(e.Place)
	case Late:
		m.tally.Retry()
		m.tally.Silence()
	case Look:
		m.tally.Retry()
	case NeedAll:
		m.done = false
		m.refuseParts()
	}
	return m.advance(actions)
}

// advance finishes the read, or asks as many nodes as it needs.
func (m *Read) advance(actions []Action) []Action {
	before := len(actions)
	switch {
	case !m.tally.Won():
		for m.tally.Heeded().Len() < m.tally.Need() {
			var asked bool
			if actions, asked = m.askAnother(actions); !asked || actions[len(actions)-1].Kind == ReadOwn {
				return actions
			}
		}
		return actions
	case m.knowsNothing():
		if m.tally.Waiting() == 0 {
			actions, _ = m.askAnother(actions)
		}
		return actions
	}
	if m.FoundPart() && !m.agree() {
		if m.looks < MostLooks && m.mayAgree() {
			return m.lookAgain(actions)
		}
		m.refuseParts()
	}
	if actions = m.fetch(actions); len(actions) > before {
		return actions
	}
	m.done = true
	return append(actions, Action{Kind: Finish})
}

// askAnother asks the best node that was not asked yet, and reports whether there is one.
func (m *Read) askAnother(actions []Action) ([]Action, bool) {
	asked := m.tally.Asked()
	if first := m.nodes.First; first != m.nodes.Self && m.up.Has(first) && !asked.Has(first) {
		return append(actions, m.ask(first)), true
	}
	for at := range m.nodes.Walk {
		switch {
		case asked.Has(at):
		case at == m.nodes.Self && m.nodes.SelfIsPrimary(): // its copy could not be read
		case at == m.nodes.Self:
			m.tally.Ask(at)
			return append(actions, Action{Kind: ReadOwn, Place: at}), true
		case !m.up.Has(at):
			actions = append(actions, Action{Kind: Skip, Place: at})
		default:
			return append(actions, m.ask(at)), true
		}
	}
	return actions, false
}

// ask asks another node: for its object, or for a digest if an object is on its way.
func (m *Read) ask(at int) Action {
	kind := AskWhole
	if m.own == nil && !m.nodes.SelfIsPrimary() && m.tally.Heeded() != 0 {
		kind = AskDigest
	}
	m.tally.Ask(at)
	return Action{Kind: kind, Place: at}
}

// take records an answer, and reports whether it can be understood.
func (m *Read) take(place int, a message.Answer) bool {
	if place == m.nodes.Self {
		m.own, m.part, m.rest, m.digest = nil, false, object.Rest{}, 0
		found := a.Found == message.Whole || a.Found == message.Part
		if found {
			m.own, m.part, m.rest, m.digest = a.Object, a.Found == message.Part, a.Rest, a.Digest
		}
		return found || a.Found == message.Absent
	}
	f := finding{place: place, exists: a.Found != message.Absent}
	switch a.Found {
	case message.Absent:
	case message.Same:
		f.encoded, f.digest = m.own, m.digest
	case message.DigestOnly:
		f.brief, f.digest = true, a.Digest
	case message.Part, message.Whole:
		var err error
		if f.object, err = object.Decode(a.Object); err != nil {
			return false
		}
		if f.part = a.Found == message.Part; !f.part {
			f.encoded, f.digest = a.Object, object.SeedOf(m.key).Digest(a.Object)
			break
		}
		f.encoded, f.digest, f.object.Rest = a.Object, a.Digest, a.Rest
		if !m.parts {
			f.reduce() // it was asked for before the object was wanted
		}
	default:
		return false
	}
	m.found = append(m.found, f)
	return true
}

// knowsNothing reports whether all who answered have nothing and none is a primary.
func (m *Read) knowsNothing() bool {
	if m.own != nil || m.tally.Answered()&quorum.FirstNodes(m.nodes.Primaries) != 0 {
		return false
	}
	return !slices.ContainsFunc(m.found, func(f finding) bool { return f.exists })
}

// FoundPart reports whether another node has answered with a part of its object.
func (m *Read) FoundPart() bool {
	return slices.ContainsFunc(m.found, func(f finding) bool { return f.part })
}

// agree reports whether all who answered have the same object, but for fallbacks that have none.
func (m *Read) agree() bool {
	digest, known := m.digest, m.own != nil
	for i := range m.found {
		switch f := &m.found[i]; {
		case !f.exists && f.place < m.nodes.Primaries:
			return false
		case !f.exists:
		case !known:
			digest, known = f.digest, true
		case digest != f.digest:
			return false
		}
	}
	return true
}

// mayAgree reports whether the nodes that answered may have the same object soon. Not so a primary
// that has none, or an object that is no large collection.
func (m *Read) mayAgree() bool {
	return m.own == nil && !slices.ContainsFunc(m.found, func(f finding) bool {
		return !f.exists && f.place < m.nodes.Primaries || f.exists && !f.part && !f.brief
	})
}

// lookAgain asks the nodes that have an object for parts once more.
func (m *Read) lookAgain(actions []Action) []Action {
	m.looks++
	for i := range m.found {
		if f := &m.found[i]; f.exists {
			m.tally.Recount(f.place)
			actions = append(actions, Action{Kind: AskWhole, Place: f.place})
		}
	}
	m.found = slices.DeleteFunc(m.found, func(f finding) bool { return f.exists })
	return actions
}

// refuseParts makes m want whole objects in place of the parts that were found.
func (m *Read) refuseParts() {
	m.parts = false
	for i := range m.found {
		if f := &m.found[i]; f.part {
			f.reduce()
		}
	}
}

// reduce leaves the digest of a finding.
func (f *finding) reduce() {
	f.brief, f.part, f.encoded, f.object = true, false, nil, object.Object{}
}

// fetch asks for the object behind every digest that belongs to none at hand.
func (m *Read) fetch(actions []Action) []Action {
	for i := 0; i < len(m.found); {
		f := &m.found[i]
		if !f.brief || m.has(f.digest) {
			i++
			continue
		}
		m.tally.Recount(f.place)
		actions = append(actions, Action{Kind: AskWhole, Place: f.place})
		m.found = slices.Delete(m.found, i, i+1)
	}
	return actions
}

func (m *Read) has(d object.Digest) bool {
	if m.own != nil && m.digest == d {
		return true
	}
	for i := range m.found {
		if f := &m.found[i]; !f.brief && f.exists && f.digest == d {
			return true
		}
	}
	return false
}

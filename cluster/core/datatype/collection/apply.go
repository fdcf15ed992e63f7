package collection

import (
	"github.com/quorate/quorate/cluster/core/object"
)

// Outcome is what a command does.
type Outcome struct {
	Answer
	Write     bool // something changes: the caller must write the changes
	All       bool // the changes replace all that the key has, whatever its type
	Ranges    bool // a range of elements goes, and the client is promised that none is left in it
	NotAtHand bool // the command needs elements that are not at hand: nothing else is said
	Changes   []object.Change
}

// operation is an op's row: the kind of its elements, the least number of arguments, the number
// of arguments of each step beyond it, and what it does.
type operation struct {
	kind  object.Kind
	least int
	step  int                                                  // 0: there are no more arguments than the least
	apply func(c *Command, v View, set *changes, out *Outcome) // nil of lists: see onItems
}

func (op *operation) fits(args int) bool {
	if op.step == 0 {
		return args == op.least
	}
	return args >= op.least && (args-op.least)%op.step == 0
}

// opOf returns the row of an op, or nil if there is none.
func opOf(op Op) *operation {
	if int(op) >= len(operations) || operations[op].kind == 0 {
		return nil
	}
	return &operations[op]
}

var operations = [...]operation{
	HashSet:            {object.Field, 2, 2, (*Command).setFields},
	HashDelete:         {object.Field, 1, 1, (*Command).remove},
	HashIncrement:      {object.Field, 1, 0, (*Command).incrementField},
	HashIncrementFloat: {object.Field, 2, 0, (*Command).incrementFieldFloat},
	SetAdd:             {object.Member, 1, 1, (*Command).addMembers},
	SetRemove:          {object.Member, 1, 1, (*Command).remove},
	SetPop:             {object.Member, 0, 0, (*Command).popMembers},
	SetStore:           {object.Member, 0, 1, (*Command).store},
	HashStore:          {object.Field, 0, 2, (*Command).store},
	HashExpire:         {object.Field, 1, 1, (*Command).expireFields},
	HashPersist:        {object.Field, 1, 1, (*Command).persistFields},
	HashStoreExpiring:  {object.Field, 0, 3, (*Command).storeExpiring},
	ScoredAdd:          {object.Scored, 2, 2, (*Command).addScores},
	ScoredRemove:       {object.Scored, 1, 1, (*Command).remove},
	ScoredPop:          {object.Scored, 0, 0, (*Command).popScores},
	ScoredCut:          {object.Scored, 1, 0, (*Command).cutScores},
	ScoredStore:        {object.Scored, 0, 2, (*Command).store},

	ListPush:     {object.Item, 1, 1, nil},
	ListPop:      {object.Item, 0, 0, nil},
	ListSet:      {object.Item, 1, 0, nil},
	ListInsert:   {object.Item, 2, 0, nil},
	ListRemove:   {object.Item, 1, 0, nil},
	ListTrim:     {object.Item, 1, 0, nil},
	ListMove:     {object.Item, 0, 0, nil},
	ListTake:     {object.Item, 2, 0, nil},
	ListWithdraw: {object.Item, 0, 0, nil},
	ListStore:    {object.Item, 0, 1, nil},

	StreamAdd:    {object.Entry, 3, 0, (*Command).addEntry},
	StreamDelete: {object.Entry, 1, 1, (*Command).deleteEntries},
	StreamTrim:   {object.Entry, 1, 0, (*Command).trimEntries},
	StreamSetID:  {object.Entry, 3, 0, (*Command).setLastID},
	StreamStore:  {object.Entry, 0, 2, (*Command).store},
}

// Apply applies c, which [Decode] has returned, to the elements of a view, which must be of
// the command's kind, and all that c needs. The outcome shares memory with the arguments and with
// the view.
func (c *Command) Apply(v View) Outcome { return c.applyBeside(v, object.Rest{}) }

// ApplyTo applies c, which [Decode] has returned, to the elements of an object that can be read at the
// time now (unix milliseconds). The object may have a rest. The outcome shares memory with the
// arguments and with the object.
func (c *Command) ApplyTo(o *object.Object, now int64) Outcome {
	return c.applyBeside(ViewOf(o, c.Kind(), now), liveRest(o, c.Kind(), now))
}

func (c *Command) applyBeside(v View, rest object.Rest) (out Outcome) {
	op := opOf(c.Op)
	set := changes{kind: op.kind, at: make(map[string]int, len(c.Args))}
	if op.kind == object.Item {
		l := v.beside(rest)
		onItems[c.Op](c, &l, &set, &out)
	} else {
		op.apply(c, v, &set, &out)
	}
	if out.NotAtHand {
		return Outcome{NotAtHand: true}
	}
	if out.Failure != None {
		return Outcome{Answer: out.Answer}
	}
	if out.Changes = set.list; c.Stores() {
		if out.All = true; c.Number != 0 && len(set.list) > 0 {
			out.Changes = append(out.Changes, object.Change{Kind: object.KeyExpiry, Expiry: c.Number})
		}
	}
	out.Write = out.All || len(set.list) > 0
	return out
}

// changes collects the changes of names, each once: the last one counts.
type changes struct {
	kind object.Kind
	list []object.Change
	at   map[string]int
}

// of returns the change of a name, and whether there was one before.
func (s *changes) of(name []byte) (change *object.Change, before bool) {
	at, before := s.at[string(name)]
	if !before {
		at = len(s.list)
		s.at[string(name)] = at
		s.list = append(s.list, object.Change{Kind: s.kind, Name: name})
	}
	return &s.list[at], before
}

// remove removes the elements named by the arguments. The answer's number is how many there
// were.
func (c *Command) remove(v View, set *changes, out *Outcome) {
	for _, name := range c.Args {
		if v.Find(name) == nil {
			continue
		}
		change, before := set.of(name)
		if change.Remove = true; !before {
			out.Number++
		}
	}
}

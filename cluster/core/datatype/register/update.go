package register

import (
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// Kind is what an update does.
type Kind uint8

// The kinds of updates, and the fields that each one uses.
const (
	Set            Kind = iota // Data, Condition (IfAbsent, IfPresent), Expiry, KeepTTL, WantOld, Context
	Delete                     // WantOld, Context
	Increment                  // Amount: what to add; DECR adds its opposite
	IncrementFloat             // Float: what to add
	Append                     // Data, Limit
	SetRange                   // Data, Amount: the offset, Limit
	Expire                     // Expiry, Condition (all of them, about the expiry)
	Persist                    // WantOld
	GetEx                      // Expiry; the old value is always wanted
	BitField                   // Data: encoded bitmap.Field, Limit
	AddHyperLogLog             // Data: encoded hyperloglog.Observation
	ChangeElements             // Data: encoded collection.Command, Context

	kinds
)

// Condition restricts when an update is applied. Present and absent refer to the
// key for Set, and to the key's expiry for Expire.
type Condition uint8

// The conditions. A key without an expiry counts as one that expires never.
const (
	Always           Condition = iota
	IfAbsent                   // NX
	IfPresent                  // XX
	IfGreater                  // GT: the new expiry is later
	IfLess                     // LT: the new expiry is sooner
	IfPresentGreater           // XX GT
	IfPresentLess              // XX LT

	conditions
)

// MaxValue is the default limit of a new value, in bytes: Redis's
// proto-max-bulk-len.
const MaxValue = 512 << 20

// Update is one write of a client to one key.
type Update struct {
	Kind       Kind
	Condition  Condition
	KeepTTL    bool   // Set: the old expiry stays
	WantOld    bool   // the client asks for the old value
	HasContext bool   // the client sent a context, which may be empty
	Data       []byte // the client's bytes
	Float      string // IncrementFloat: as the client wrote it
	Amount     int64
	Expiry     int64 // unix milliseconds; 0: never
	Limit      int64 // bytes that the new value may have; 0: MaxValue
	Context    causal.Context
}

// NeedsRead reports whether the coordinator must read from a quorum before it
// applies the update, because the update's condition, value or reply depends on the
// old value. A write with a context replaces what the context covers and does not
// depend on the old value.
func (u *Update) NeedsRead() bool {
	switch u.Kind {
	case Set:
		return u.Condition != Always || u.WantOld || u.KeepTTL
	case Delete:
		return !u.HasContext || u.WantOld
	}
	return true
}

// Serial reports whether the update computes from the old value. Such updates of a
// key should meet at one node, its first reachable primary, so that they do not
// become siblings. A plain deletion is not one: only its reply depends on the old
// value.
func (u *Update) Serial() bool {
	if u.Kind == Delete {
		return u.WantOld
	}
	return u.NeedsRead()
}

// NeedsString reports whether the update is refused by a key that is a collection.
func (u *Update) NeedsString() bool {
	switch u.Kind {
	case Set, Delete:
		return u.WantOld
	case Expire, Persist, ChangeElements:
		return false
	}
	return true
}

// changesValue reports whether the update changes the value that the key has, or its expiry,
// where SET and DEL put something in the place of all that the key has.
func (u *Update) changesValue() bool { return u.Kind != Set && u.Kind != Delete && !u.HasContext }

// limit returns the greatest length of the new value in bytes.
func (u *Update) limit() int64 {
	if u.Limit > 0 {
		return u.Limit
	}
	return MaxValue
}

// Failure is the reason why an update could not be applied. The key is unchanged.
type Failure uint8

// The failures.
const (
	None               Failure = iota
	NotInteger                 // the value or the amount is not a 64-bit integer
	Overflow                   // the sum is not a 64-bit integer
	NotFloat                   // the value or the amount is not a number
	NaN                        // the sum is not a finite number
	TooLong                    // the new value would be longer than allowed
	BadOffset                  // SetRange at a negative offset
	Conflict                   // the key's siblings differ, and the policy is Refuse
	NotHyperLogLog             // the value is not a HyperLogLog
	CorruptHyperLogLog         // the value begins as a HyperLogLog and cannot be read
	BadData                    // Data of BitField, AddHyperLogLog or ChangeElements cannot be read
	WrongType                  // the key has a value of another type
	NotAtHand                  // the update needs elements that it was not shown; no client is told

	failures
)

// Result is the effect of an update and the data for its reply.
type Result struct {
	Applied bool // the condition held and the update took effect; AddHyperLogLog: it changed the value
	Existed bool // there was a value before
	Failure Failure
	Old     []byte // the value before, if wanted; aliases what Apply was given
	Data    []byte // IncrementFloat: the new value; BitField: encoded bitmap.Answer; ChangeElements: encoded collection.Answer
	Number  int64  // Increment: the new value; Append, SetRange: the new length

	// The coordinator adds:
	Dot     causal.Dot     // the event, if there was one
	Context causal.Context // the new context of a client that wrote with one (see object.Object.SeenBy)
}

// ReplacesAll reports whether the update replaces every value of the key: it is a plain
// SET or DEL.
func (u *Update) ReplacesAll() bool {
	return (u.Kind == Set || u.Kind == Delete) && !u.HasContext && !u.Serial()
}

// Made returns the result of an update that has been carried out already, and that is not
// [Update.Serial]. dot is that of its version, or zero if it was replaced since.
func (u *Update) Made(current *object.Object, dot causal.Dot) (r Result) {
	r = Result{Applied: true, Existed: u.Kind == Delete, Dot: dot}
	if u.HasContext {
		r.Context = current.SeenBy(dot).Clone()
	}
	return r
}

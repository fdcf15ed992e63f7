package register

import "github.com/quorate/quorate/cluster/core/causal"

// Kind is what an update does.
type Kind uint8

// The kinds of updates, and the fields that each one uses.
const (
	Set            Kind = iota // Data, Condition (IfAbsent, IfPresent), Expiry, KeepTTL, WantOld, Context, Own
	Delete                     // WantOld, Context, Own
	Increment                  // Amount: what to add; DECR adds its opposite
	IncrementFloat             // Float: what to add
	Append                     // Data, Limit
	SetRange                   // Data, Amount: the offset, Limit
	Expire                     // Expiry, Condition (all of them, about the expiry)
	Persist                    // WantOld
	GetEx                      // Expiry; the old value is always wanted

	kinds
)

// Condition says when an update is applied. For Set, present and absent speak of
// the key; for Expire, of its expiry.
type Condition uint8

// The conditions. No expiry counts as one that never comes.
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

// MaxValue is the longest value that an update makes unless it says otherwise:
// Redis's proto-max-bulk-len.
const MaxValue = 512 << 20

// Update is one write of a client to one key.
type Update struct {
	Kind       Kind
	Condition  Condition
	KeepTTL    bool   // Set: the old expiry stays
	WantOld    bool   // the client asks for the value that was there before
	HasContext bool   // the client says what it has seen: Context, which may be empty
	Data       []byte // the client's bytes
	Float      string // IncrementFloat: as the client wrote it
	Amount     int64
	Expiry     int64 // unix milliseconds; 0: never
	Limit      int64 // bytes that the new value may have; 0: MaxValue
	Context    causal.Vector
	Own        causal.Dot // with a context: the client's own last write, if Context does not cover it
}

// NeedsRead says whether a read quorum must be heard before the update is
// applied: its condition, its result or its reply depends on the old value. A
// write that carries its client's context replaces what the client has seen,
// whatever that is, and needs no look at it.
func (u *Update) NeedsRead() bool {
	switch u.Kind {
	case Set:
		return u.Condition != Always || u.WantOld || u.KeepTTL
	case Delete:
		return !u.HasContext || u.WantOld
	}
	return true
}

// Serial says whether the update computes from the old value, so that it and its
// like should meet at one node: the first primary of the key that can be reached.
// A plain deletion only counts what was there.
func (u *Update) Serial() bool {
	if u.Kind == Delete {
		return u.WantOld
	}
	return u.NeedsRead()
}

func (u *Update) limit() int64 {
	if u.Limit > 0 {
		return u.Limit
	}
	return MaxValue
}

// Failure is why an update that reached its key could not be done. The key is
// then as it was.
type Failure uint8

// The failures.
const (
	None       Failure = iota
	NotInteger         // the value, or what to add, is not a 64-bit integer
	Overflow           // the sum is not one
	NotFloat           // the value, or what to add, is not a number
	NaN                // the sum is not a finite number
	TooLong            // the new value would be longer than allowed
	BadOffset          // SetRange at a negative offset
	Conflict           // the key's siblings differ, and the policy is not to choose

	failures
)

// Result is what an update did, and what its client is told.
type Result struct {
	Applied bool // the condition held and the update took effect
	Existed bool // there was a value before
	Failure Failure
	Old     []byte // the value before, if wanted; aliases what Apply was given
	Data    []byte // IncrementFloat: the new value
	Number  int64  // Increment: the new value; Append, SetRange: the new length

	// The coordinator adds:
	Dot     causal.Dot    // the event, if there was one
	Context causal.Vector // what a client that wrote with a context has seen now, Dot apart (object.Object.SeenBy)
}

package replica

import (
	"errors"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/engine"
)

// refusals are the errors that keep their meaning across the wire.
var refusals = []error{
	errExpired, ErrClosing, ErrTooManySiblings, register.ErrConflict, engine.ErrReadOnly, engine.ErrCorrupt, engine.ErrHintsFull,
	ErrUnknownOutcome, errAbstains, errTakesOver, ErrCleared, ErrUnseen,
}

// refusalOf returns the wire form of an error.
func refusalOf(err error) message.Refusal {
	var quorum *NoQuorumError
	if errors.As(err, &quorum) {
		f := message.Refusal{Code: message.CodeNoQuorum, Needed: byte(quorum.Needed), Got: byte(quorum.Got)}
		if quorum.Op == OpWrite {
			f.Side = 1
		}
		return f
	}
	for code, known := range refusals {
		if errors.Is(err, known) {
			return message.Refusal{Code: byte(code)}
		}
	}
	return message.Refusal{Code: message.CodeText, Text: err.Error()}
}

// errorOf returns the error that a refusal stands for, or nil if it stands for none.
func errorOf(f message.Refusal) error {
	switch {
	case f.Code == message.CodeNoQuorum:
		side := OpRead
		if f.Side == 1 {
			side = OpWrite
		}
		return &NoQuorumError{Op: side, Needed: int(f.Needed), Got: int(f.Got)}
	case f.Code == message.CodeText:
		return errors.New(f.Text)
	case int(f.Code) < len(refusals):
		return refusals[f.Code]
	}
	return nil
}

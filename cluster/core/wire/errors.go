package wire

import (
	"errors"
	"fmt"
)

// ErrCorrupt is wrapped by every error about bytes that no encoder of this
// project wrote.
var ErrCorrupt = errors.New("corrupt encoding")

// Corrupt returns an error that names what was malformed and wraps [ErrCorrupt].
func Corrupt(what string) error { return fmt.Errorf("%s: %w", what, ErrCorrupt) }

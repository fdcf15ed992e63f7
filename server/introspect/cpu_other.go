//go:build !unix

package introspect

import (
	"context"

	"github.com/quorate/quorate/server/command"
)

// infoCPU has nothing to tell where there is no getrusage.
func (f *Family) infoCPU(context.Context, *command.Node, *infoText) {}

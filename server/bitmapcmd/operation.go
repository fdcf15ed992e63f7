package bitmapcmd

import (
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const textOneSource = "ERR BITOP NOT must be called with a single source key."

var operations = []struct {
	name string
	op   bitmap.Operation
}{{"AND", bitmap.And}, {"OR", bitmap.Or}, {"XOR", bitmap.Xor}, {"NOT", bitmap.Not}}

func parseOperation(arg []byte) (op bitmap.Operation, ok bool) {
	for _, o := range operations {
		if resp.Is(arg, o.name) {
			return o.op, true
		}
	}
	return 0, false
}

// runBitOp serves BITOP operation target source [source …]. It answers with the length of
// the result; an empty result deletes the target.
func runBitOp(ctx context.Context, c *command.Call) {
	op, ok := parseOperation(c.Args[1])
	switch {
	case !ok:
		c.Out.Error(command.TextSyntax)
		return
	case op == bitmap.Not && len(c.Args) > 4:
		c.Out.Error(textOneSource)
		return
	}
	sources := c.InPieces(ctx, c.Args[2:], command.PlanReads, (*command.Sum).AddValues)
	if sources.Refusal != "" {
		c.Out.Error(sources.Refusal)
		return
	}
	update := register.Update{Kind: register.Set, Data: bitmap.Combine(op, sources.Values)}
	if len(update.Data) == 0 {
		update = register.Update{Kind: register.Delete}
	}
	length := int64(len(update.Data))
	if r := c.WriteNow(ctx, c.Args[2], update); !c.FailedWrite(r) {
		c.Out.Int(length)
	}
}

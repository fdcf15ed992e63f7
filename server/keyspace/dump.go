package keyspace

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"

	"github.com/quorate/quorate/cluster/core/datatype/dump"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// Texts of Redis.
const (
	textBusyKey      = "BUSYKEY Target key name already exists."
	textBadPayload   = "ERR DUMP payload version or checksum are wrong"
	textBadFormat    = "ERR Bad data format"
	textInvalidTTL   = "ERR Invalid TTL value, must be >= 0"
	textInvalidIdle  = "ERR Invalid IDLETIME value, must be >= 0"
	textInvalidUsage = "ERR Invalid FREQ value, must be >= 0 and <= 255"
)

// planDump serves DUMP. Conflicting values are no error: the payload has all of them.
func planDump(c *command.Call) {
	c.Read(c.Args[1])
	c.Reply = func(c *command.Call) {
		r := c.Requests[0]
		if r.Err != nil {
			c.Fail(r.Err)
			return
		}
		shown, _ := register.Choose(&r.Object, register.LWW, c.Now) // which fails under no other policy
		copies := register.CopiesOf(&r.Object, shown, c.Now)
		if c.Count(len(copies) > 0); len(copies) == 0 {
			c.Out.Null()
			return
		}
		c.Out.Value(dump.Append(nil, copies))
	}
}

// restoreOptions are what stands behind the payload of RESTORE.
type restoreOptions struct{ replace, absolute bool }

// parseRestore reads options. How long a key was idle, or how often it was used, is checked and
// not kept.
func parseRestore(args [][]byte) (o restoreOptions, refusal string) {
	idle, usage := false, false
	for i := 0; i < len(args); i++ {
		last := i == len(args)-1
		switch {
		case resp.Is(args[i], "REPLACE"):
			o.replace = true
		case resp.Is(args[i], "ABSTTL"):
			o.absolute = true
		case resp.Is(args[i], "IDLETIME") && !last && !usage:
			i, idle = i+1, true
			refusal = outOf(args[i], 0, math.MaxInt64, textInvalidIdle)
		case resp.Is(args[i], "FREQ") && !last && !idle:
			i, usage = i+1, true
			refusal = outOf(args[i], 0, math.MaxUint8, textInvalidUsage)
		default:
			refusal = command.TextSyntax
		}
		if refusal != "" {
			return o, refusal
		}
	}
	return o, ""
}

// outOf returns why a number is refused, or nothing: text, if it is out of a range.
func outOf(arg []byte, least, greatest int64, text string) string {
	n, ok := number.ParseInt(arg)
	switch {
	case !ok:
		return command.TextNotInteger
	case n < least || n > greatest:
		return text
	}
	return ""
}

// runRestore serves RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME n] [FREQ n]. The values
// of the payload are new writes, concurrent where they were so; the first of them replaces what
// the key has.
func runRestore(ctx context.Context, c *command.Call) {
	options, refusal := parseRestore(c.Args[4:])
	if refusal != "" {
		c.Out.Error(refusal)
		return
	}
	if !options.replace {
		r := c.ReadNow(ctx, c.Args[1])
		if r.Err != nil {
			c.Fail(r.Err)
			return
		}
		if c.Exists(r) {
			c.Out.Error(textBusyKey)
			return
		}
	}
	if refusal := outOf(c.Args[2], 0, math.MaxInt64, textInvalidTTL); refusal != "" {
		c.Out.Error(refusal)
		return
	}
	copies, err := dump.Parse(c.Args[3], c.Node.Limits.Protocol.BulkBytes.Load())
	switch {
	case errors.Is(err, dump.ErrFormat):
		c.Out.Error(textBadFormat)
	case err != nil:
		c.Out.Error(textBadPayload)
	default:
		restore(ctx, c, copies, options)
	}
}

// restore writes what a payload has.
func restore(ctx context.Context, c *command.Call, copies []register.Copy, options restoreOptions) {
	expiry, _ := number.ParseInt(c.Args[2])
	now := c.Node.Now().UnixMilli()
	if expiry > 0 && !options.absolute {
		expiry += min(now, math.MaxInt64-expiry)
	}
	if expiry > 0 && expiry <= now { // the key is to be gone
		if !options.replace || !c.FailedWrite(c.WriteNow(ctx, c.Args[1], register.Update{Kind: register.Delete})) {
			c.Out.OK()
		}
		return
	}
	for i := range copies {
		copies[i].Value.Expiry = expiry
	}
	condition := register.IfAbsent
	if options.replace {
		condition = register.Always
	}
	switch written, answered := write(ctx, c, c.Args[1], register.UpdatesOf(copies, condition, rand.Uint64())); {
	case answered:
	case !written:
		c.Out.Error(textBusyKey)
	default:
		c.Out.OK()
	}
}

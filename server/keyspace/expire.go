package keyspace

import (
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// planExpire serves EXPIRE, PEXPIRE, EXPIREAT and PEXPIREAT, which count in
// different units. A moment that is past deletes the key.
func planExpire(u command.TimeUnit) func(*command.Call) {
	return func(c *command.Call) {
		condition, refusal := expireCondition(c.Args[3:])
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		at, refusal := c.Moment(u, c.Args[2])
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		_, update := c.Write(c.Args[1], register.Expire)
		update.Condition = condition
		update.Expiry = max(at, 1) // 0 would be never
		c.Reply = command.ReplyApplied
	}
}

func expireCondition(options [][]byte) (register.Condition, string) {
	var nx, xx, gt, lt bool
	for _, option := range options {
		switch {
		case resp.Is(option, "NX"):
			nx = true
		case resp.Is(option, "XX"):
			xx = true
		case resp.Is(option, "GT"):
			gt = true
		case resp.Is(option, "LT"):
			lt = true
		default:
			return register.Always, "ERR Unsupported option " + string(option)
		}
	}
	switch {
	case nx && (xx || gt || lt):
		return register.Always, "ERR NX and XX, GT or LT options at the same time are not compatible"
	case gt && lt:
		return register.Always, "ERR GT and LT options at the same time are not compatible"
	case xx && gt:
		return register.IfPresentGreater, ""
	case xx && lt:
		return register.IfPresentLess, ""
	case nx:
		return register.IfAbsent, ""
	case xx:
		return register.IfPresent, ""
	case gt:
		return register.IfGreater, ""
	case lt:
		return register.IfLess, ""
	}
	return register.Always, ""
}

func planPersist(c *command.Call) {
	c.Write(c.Args[1], register.Persist)
	c.Reply = command.ReplyApplied
}

// planExpiry serves TTL, PTTL, EXPIRETIME and PEXPIRETIME, which show the expiry in
// different units. Show gets the expiry and the present, in unix milliseconds.
func planExpiry(show func(expiry, now int64) int64) func(*command.Call) {
	reply := func(c *command.Call) {
		switch shown, err := c.Shown(c.Requests[0]); {
		case err != nil:
			c.Fail(err)
		case !shown.Found:
			c.Out.Int(-2)
		case shown.Value.Expiry == 0:
			c.Out.Int(-1)
		default:
			c.Out.Int(show(shown.Value.Expiry, c.Now))
		}
	}
	return func(c *command.Call) {
		c.ReadHead(c.Args[1])
		c.Reply = reply
	}
}

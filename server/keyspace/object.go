package keyspace

import (
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

// Handlers of OBJECT, which shows facts about one key.

const textNoFrequency = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. " +
	"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

func planObjectEncoding(c *command.Call) {
	c.Read(c.Args[2])
	c.Reply = replyObjectEncoding
}

// replyObjectEncoding answers with the encoding in which Redis would store the value.
func replyObjectEncoding(c *command.Call) {
	v, found, err := c.Value(c.Requests[0])
	switch {
	case err != nil:
		c.Fail(err)
		return
	case !found:
		c.Out.Null()
		return
	}
	if _, ok := number.ParseInt(v.Data); ok {
		c.Out.Text("int")
	} else if len(v.Data) <= 44 {
		c.Out.Text("embstr")
	} else {
		c.Out.Text("raw")
	}
}

func planObjectFreq(c *command.Call) {
	c.Read(c.Args[2])
	c.Reply = func(c *command.Call) {
		if _, found := stored(c, c.Requests[0]); found {
			c.Out.Error(textNoFrequency)
		}
	}
}

// planObjectIdletime serves OBJECT IDLETIME. It shows the seconds since the key was
// written; reads do not count.
func planObjectIdletime(c *command.Call) {
	c.Read(c.Args[2])
	c.Reply = func(c *command.Call) {
		if _, found := stored(c, c.Requests[0]); !found {
			return
		}
		var newest int64
		for _, sibling := range c.Requests[0].Object.Siblings {
			newest = max(newest, sibling.Time.UnixMilli())
		}
		c.Out.Int(max(c.Now-newest, 0) / 1000)
	}
}

// planObjectRefcount answers as Redis does, which shares the objects of small
// numbers.
func planObjectRefcount(c *command.Call) {
	c.Read(c.Args[2])
	c.Reply = func(c *command.Call) {
		data, found := stored(c, c.Requests[0])
		if !found {
			return
		}
		if n, ok := number.ParseInt(data); ok && n >= 0 && n < 10_000 {
			c.Out.Int(1<<31 - 1)
			return
		}
		c.Out.Int(1)
	}
}

// stored returns the value that a read found. Otherwise it answers, with nil or an
// error, and found is false.
func stored(c *command.Call, r *command.Request) (data []byte, found bool) {
	v, found, err := c.Value(r)
	switch {
	case err != nil:
		c.Fail(err)
	case !found:
		c.Out.Null()
	default:
		return v.Data, true
	}
	return nil, false
}

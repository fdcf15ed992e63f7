package keyspace

import (
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// Handlers of OBJECT, which shows facts about one key.

const textNoFrequency = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. " +
	"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

// runObjectEncoding serves OBJECT ENCODING: the encoding in which Redis would store the key. That of
// a collection of many elements follows from their number. Of others all are read.
func runObjectEncoding(ctx context.Context, c *command.Call) {
	r := c.ReadHeadNow(ctx, c.Args[2])
	if shown, err := c.Shown(r); err == nil && shown.Kind != 0 && r.Object.Rest.Names > 0 {
		if encoding := encodingOfMany(shown.Kind, collection.CountOf(&r.Object, shown.Kind, c.Now)); encoding != "" {
			c.Out.Text(encoding)
			return
		}
		c.ReadNow(ctx, c.Args[2])
	}
	replyObject(c, func(shown register.Shown) {
		if shown.Kind != 0 {
			c.Out.Text(encodingOf(collection.ViewOf(&c.Requests[0].Object, shown.Kind, c.Now)))
			return
		}
		data := shown.Value.Data
		if _, ok := number.ParseInt(data); ok {
			c.Out.Text("int")
		} else if len(data) <= 44 {
			c.Out.Text("embstr")
		} else {
			c.Out.Text("raw")
		}
	})
}

// Redis stores small collections in another encoding than large ones, by default up to these
// sizes.
const (
	mostPacked      = 128 // elements
	mostPackedBytes = 64  // of each
	mostIntegers    = 512
)

// encodingOfMany returns the encoding of a collection of so many elements, or nothing if it depends on
// what they are.
func encodingOfMany(kind object.Kind, n int) string {
	switch {
	case kind == object.Field && n > mostPacked, kind == object.Member && n > mostIntegers:
		return "hashtable"
	case kind == object.Scored && n > mostPacked:
		return "skiplist"
	}
	return ""
}

// encodingOf returns the encoding in which Redis 7.0 would store a collection.
func encodingOf(v collection.View) string {
	packed, integers := len(v) <= mostPacked, len(v) <= mostIntegers
	for _, e := range v {
		packed = packed && len(e.Name) <= mostPackedBytes && len(e.Data) <= mostPackedBytes
		if integers {
			_, integers = number.ParseInt(e.Name)
		}
	}
	switch kind := v[0].Kind; {
	case kind == object.Member && integers:
		return "intset"
	case kind == object.Member, kind == object.Field && !packed:
		return "hashtable"
	case kind == object.Scored && !packed:
		return "skiplist"
	case kind == object.Item:
		return "quicklist"
	case kind == object.Entry:
		return "stream"
	}
	return "listpack"
}

func planObjectFreq(c *command.Call) {
	planObject(c, func(register.Shown) { c.Out.Error(textNoFrequency) })
}

// planObjectIdletime serves OBJECT IDLETIME. It shows the seconds since the key was
// written; reads do not count.
func planObjectIdletime(c *command.Call) {
	planObject(c, func(register.Shown) {
		c.Out.Int(max(c.Now-c.Requests[0].Object.Clock.Latest().UnixMilli(), 0) / 1000)
	})
}

// planObjectRefcount answers as Redis does, which shares the objects of small
// numbers.
func planObjectRefcount(c *command.Call) {
	planObject(c, func(shown register.Shown) {
		if n, ok := number.ParseInt(shown.Value.Data); ok && n >= 0 && n < 10_000 {
			c.Out.Int(1<<31 - 1)
			return
		}
		c.Out.Int(1)
	})
}

// planObject reads the key of an OBJECT command that does not look at elements, and answers as
// replyObject does.
func planObject(c *command.Call, show func(register.Shown)) {
	c.ReadHead(c.Args[2])
	c.Reply = func(c *command.Call) { replyObject(c, show) }
}

// replyObject answers with what show writes of the key that was read, with nil if it does not exist,
// or with an error.
func replyObject(c *command.Call, show func(register.Shown)) {
	switch shown, err := c.Shown(c.Requests[0]); {
	case err != nil:
		c.Fail(err)
	case !shown.Found:
		c.Out.Null()
	default:
		show(shown)
	}
}

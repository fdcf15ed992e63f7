package command

import (
	"context"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
)

// Call is one command of a client, as its handlers see it.
type Call struct {
	*Client
	Row      *Row
	Args     [][]byte    // the name first
	Requests []*Request  // of this call
	Reply    func(*Call) // writes the answer, once the requests are done
	Silent   bool        // CLIENT REPLY said so
	Failed   int64       // 1 once it was answered with an error

	refusal string
	trace   *Trace // nil: the call is not recorded
}

// Read plans a read of key with the connection's quorum.
func (c *Call) Read(key []byte) *Request {
	r := c.Batch.request(key)
	r.R, r.W = c.Options.R, c.Options.W
	used := len(c.Batch.Requests)
	c.Requests = c.Batch.slab[used-len(c.Requests)-1 : used]
	return r
}

// ReadHead plans a read of key for which the elements of a large collection need not be read: their
// totals are enough ([object.Rest]).
func (c *Call) ReadHead(key []byte) *Request {
	r := c.Read(key)
	r.Head = true
	return r
}

// Write plans an update of key with the connection's quorum. The caller fills in
// the update.
func (c *Call) Write(key []byte, kind register.Kind) (*Request, *register.Update) {
	r := c.Read(key)
	r.Update = &r.update
	r.update.Kind = kind
	return r, &r.update
}

// Store plans an update that carries a value from the client.
func (c *Call) Store(key []byte, kind register.Kind, data []byte) (*Request, *register.Update) {
	r, u := c.Write(key, kind)
	u.Data = data
	if int64(len(data)) > c.Node.LargeValueBytes {
		c.Node.LargeValue(len(data), c.Session.Address())
	}
	return r, u
}

// Refuse makes an error the answer and takes back the requests planned so far. It
// is for Plan only.
func (c *Call) Refuse(text string) {
	c.Batch.takeBack(c)
	c.refusal, c.Reply = text, replyRefusal
}

// Refused reports whether Refuse was called.
func (c *Call) Refused() bool { return c.refusal != "" }

func replyRefusal(c *Call) { c.Out.Error(c.refusal) }

// Fail answers with an error of the store.
func (c *Call) Fail(err error) { c.Out.Error(ErrorText(err)) }

// FailedWrite answers for an update that has an error or could not be applied, and
// reports whether it did.
func (c *Call) FailedWrite(r *Request) bool {
	switch {
	case r.Err != nil:
		c.Fail(r.Err)
	case r.Result.Failure != 0:
		c.Out.Error(failureText(c.Row, r.Result.Failure))
	default:
		return false
	}
	return true
}

// Value returns the value that a read found, chosen by the conflict policy. It is the
// only place where the client port chooses one of several values.
func (c *Call) Value(r *Request) (value object.Value, found bool, err error) {
	if r.Err != nil {
		return object.Value{}, false, r.Err
	}
	return register.Resolve(&r.Object, c.Policy, c.Now)
}

// Exists reports whether the key that was read exists. One whose values conflict does.
func (c *Call) Exists(r *Request) bool {
	return r.Err == nil && register.Exists(&r.Object, c.Policy, c.Now)
}

// Found writes a value or nil, and counts a hit or a miss.
func (c *Call) Found(data []byte, found bool) {
	c.Count(found)
	if !found {
		c.Out.Null()
		return
	}
	c.Out.Value(data)
}

// Count counts a hit or a miss.
func (c *Call) Count(hit bool) {
	if hit {
		c.Hits++
	} else {
		c.Misses++
	}
}

// LiveSiblings counts the values that a client with a context is shown.
func (c *Call) LiveSiblings(o *object.Object) (n int) {
	for i := range o.Siblings {
		if o.Siblings[i].Live(c.Now) {
			n++
		}
	}
	return n
}

// WriteContext writes a causal context as a bulk string; it is empty for a key that
// was never written.
func (c *Call) WriteContext(key []byte, seen causal.Context) {
	c.contextToken = c.contextToken[:0]
	if len(seen.Vector) > 0 {
		c.contextToken = causal.ContextTokensOf(key).Append(c.contextToken, seen)
	}
	c.Out.Bulk(c.contextToken)
}

// ReplyNumber answers with the number that an update made.
func ReplyNumber(c *Call) {
	if r := c.Requests[0]; !c.FailedWrite(r) {
		c.Out.Int(r.Result.Number)
	}
}

// ReplyApplied answers with 1 if the update was applied, else 0.
func ReplyApplied(c *Call) {
	if r := c.Requests[0]; !c.FailedWrite(r) {
		c.Out.Flag(r.Result.Applied)
	}
}

// ReplyOld answers with the value that the update replaced.
func ReplyOld(c *Call) {
	if r := c.Requests[0]; !c.FailedWrite(r) {
		c.Found(r.Result.Old, r.Result.Existed)
	}
}

// ReplyValue answers with the value that was read, or nil.
func ReplyValue(c *Call) {
	v, found, err := c.Value(c.Requests[0])
	if err != nil {
		c.Fail(err)
		return
	}
	c.Found(v.Data, found)
}

// ReadNow carries out one read, for Run. The request, and what it found, live
// until the next ReadNow or WriteNow.
func (c *Call) ReadNow(ctx context.Context, key []byte) *Request {
	return c.readNow(ctx, key, c.Read)
}

// ReadHeadNow does for ReadHead what ReadNow does for Read.
func (c *Call) ReadHeadNow(ctx context.Context, key []byte) *Request {
	return c.readNow(ctx, key, c.ReadHead)
}

// ReadSomeNow does what ReadNow does, where some elements of a large collection are enough.
func (c *Call) ReadSomeNow(ctx context.Context, key []byte, selected object.Selection) *Request {
	return c.readNow(ctx, key, func(key []byte) *Request {
		r := c.Read(key)
		r.Selection = selected
		return r
	})
}

func (c *Call) readNow(ctx context.Context, key []byte, plan func(key []byte) *Request) *Request {
	c.Batch.release()
	c.Requests = nil
	r := plan(key)
	c.execute(ctx, c.Requests)
	return r
}

// WriteNow carries out one update, for Run. The request lives as long as that of
// ReadNow.
func (c *Call) WriteNow(ctx context.Context, key []byte, u register.Update) *Request {
	c.Batch.release()
	c.Requests = nil
	r, update := c.Write(key, u.Kind)
	*update = u
	c.execute(ctx, c.Requests)
	return r
}

// execute carries out all requests of the batch, which are those of one call, for Run.
func (c *Call) execute(ctx context.Context, requests []*Request) {
	c.trace.attach(requests)
	c.Node.Store.Do(ctx, c.Batch.Requests)
	c.trace.collect(requests, c.Node.Tracer)
}

// Quorum reads the number of an R or W option: 1 to N.
func (c *Call) Quorum(side byte, arg []byte) (n int, refusal string) {
	parsed, ok := number.ParseInt(arg)
	if limit := c.Node.Store.Ring().Configured().N; !ok || parsed < 1 || parsed > int64(limit) {
		return 0, quorumRange(side, limit)
	}
	return int(parsed), ""
}

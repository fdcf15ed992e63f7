package command

import (
	"context"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/resp"
)

// Change plans a change of the elements of key.
func (c *Call) Change(key []byte, change collection.Command) *Request {
	r, u := c.Write(key, register.ChangeElements)
	u.Data = change.Append(nil)
	return r
}

// TakeContext takes a context that stands behind the arguments of a change of elements, as
// CONTEXT and a token, and returns the arguments before it. Words that do not have the form of a
// token are no context: they are elements. So is the word CONTEXT before them.
func (c *Call) TakeContext(args [][]byte) (rest [][]byte, seen *causal.Context, refusal string) {
	n := len(args) - 2
	if n < 0 || !resp.Is(args[n], "CONTEXT") || !causal.IsToken(args[n+1]) {
		return args, nil, ""
	}
	parsed, err := causal.ContextTokensOf(c.Args[1]).Parse(args[n+1])
	if err != nil {
		return nil, nil, ErrorText(err)
	}
	return args[:n], &parsed, ""
}

// PlanRemoval returns a Plan of key element [element …] [CONTEXT ctx], whose op removes the
// elements.
func PlanRemoval(op collection.Op) func(*Call) {
	return func(c *Call) {
		elements, seen, refusal := c.TakeContext(c.Args[2:])
		if refusal == "" && len(elements) == 0 {
			refusal = WrongArity(c.Row)
		}
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		c.ChangeSeen(c.Args[1], collection.Command{Op: op, Args: elements}, seen)
	}
}

// ChangeSeen plans a change of the elements of key that touches only what a client has seen, if
// seen is not nil, and answers with the change's number; with a context, with the new one too.
func (c *Call) ChangeSeen(key []byte, change collection.Command, seen *causal.Context) {
	r := c.Change(key, change)
	c.Reply = ReplyChanged
	if seen != nil {
		r.Update.Context, r.Update.HasContext = *seen, true
		c.Reply = replyChangedSeen
	}
}

// replyChangedSeen answers with the number of a change and the new context of the client. That is
// empty if nothing was changed.
func replyChangedSeen(c *Call) {
	r := c.Requests[0]
	a, ok := c.Changed(r, nil)
	if !ok {
		return
	}
	c.Out.Array(2)
	c.Out.Int(a.Number)
	c.WriteContext(r.Key, r.Result.Context)
}

// ChangeNow carries out one change of the elements of key, for Run. The request lives as long
// as that of ReadNow.
func (c *Call) ChangeNow(ctx context.Context, key []byte, change collection.Command) *Request {
	return c.WriteNow(ctx, key, register.Update{Kind: register.ChangeElements, Data: change.Append(nil)})
}

// Shown returns what the key is that was read: a string or a collection.
func (c *Call) Shown(r *Request) (register.Shown, error) {
	if r.Err != nil {
		return register.Shown{}, r.Err
	}
	return register.Choose(&r.Object, c.Policy, c.Now)
}

// ViewOf returns the elements that a read found, none if the key does not exist. The error is
// register.ErrWrongType if the key is of another type.
func (c *Call) ViewOf(r *Request, kind object.Kind) (collection.View, error) {
	shown, err := c.Shown(r)
	switch {
	case err != nil:
		return nil, err
	case !shown.Found:
		return nil, nil
	case shown.Kind != kind:
		return nil, register.ErrWrongType
	}
	return collection.ViewOf(&r.Object, kind, c.Now), nil
}

// View returns what ViewOf returns. If the elements cannot be shown, it answers with the error.
func (c *Call) View(r *Request, kind object.Kind) (v collection.View, ok bool) {
	v, err := c.ViewOf(r, kind)
	if err != nil {
		c.Fail(err)
	}
	return v, err == nil
}

// PlanView returns a Plan that reads the elements of the first key, and answers with what show
// writes.
func PlanView(kind object.Kind, show func(*Call, collection.View)) func(*Call) {
	reply := func(c *Call) {
		if v, ok := c.View(c.Requests[0], kind); ok {
			show(c, v)
		}
	}
	return func(c *Call) {
		c.Read(c.Args[1])
		c.Reply = reply
	}
}

// PlanCount returns a Plan that answers with the number of elements of the first key. It reads no
// elements of a large collection.
func PlanCount(kind object.Kind) func(*Call) {
	reply := func(c *Call) {
		r := c.Requests[0]
		if _, ok := c.View(r, kind); !ok {
			return
		}
		n := collection.CountOf(&r.Object, kind, c.Now)
		c.Count(n > 0)
		c.Out.Int(int64(n))
	}
	return func(c *Call) {
		c.ReadHead(c.Args[1])
		c.Reply = reply
	}
}

// PlanNamed does what PlanView does, for a show that looks at no other elements than those that the
// arguments name, from the third on. The view may have those alone.
func PlanNamed(kind object.Kind, show func(*Call, collection.View)) func(*Call) {
	whole := PlanView(kind, show)
	return func(c *Call) {
		whole(c)
		names := make([]object.Name, 0, len(c.Args)-2)
		for _, name := range c.Args[2:] {
			names = append(names, object.Name{Kind: kind, Name: name})
		}
		c.Requests[0].Selection.Names = names
	}
}

// PlanWhole returns a Plan of key [CONTEXT], which answers with what show writes of all elements;
// with CONTEXT, with the causal context of the key before it.
func PlanWhole(kind object.Kind, show func(*Call, collection.View)) func(*Call) {
	plain := PlanView(kind, show)
	withContext := PlanView(kind, func(c *Call, v collection.View) {
		c.Out.Array(2)
		c.WriteContext(c.Requests[0].Key, c.Requests[0].Object.Context())
		show(c, v)
	})
	return func(c *Call) {
		switch {
		case len(c.Args) == 2:
			plain(c)
		case len(c.Args) == 3 && resp.Is(c.Args[2], "CONTEXT"):
			withContext(c)
		default:
			c.Refuse(WrongArity(c.Row))
		}
	}
}

// Changed returns the answer to a change of elements. If the change failed, it replies with
// the reason. The texts are those of the failures that not all commands share.
func (c *Call) Changed(r *Request, texts map[collection.Failure]string) (a collection.Answer, ok bool) {
	if c.FailedWrite(r) {
		return a, false
	}
	if len(r.Result.Data) == 0 { // a store that was not made
		return a, true
	}
	a, err := collection.DecodeAnswer(r.Result.Data)
	if err != nil {
		c.Fail(err)
		return a, false
	}
	if a.Failure != collection.None {
		c.Out.Error(elementsFailure(a.Failure, texts))
		return a, false
	}
	return a, true
}

func elementsFailure(f collection.Failure, texts map[collection.Failure]string) string {
	if text := texts[f]; text != "" {
		return text
	}
	switch f {
	case collection.NotInteger:
		return TextNotInteger
	case collection.NotFloat, collection.BadAmount:
		return TextNoFloat
	case collection.Overflow:
		return TextOverflow
	case collection.NaN:
		return TextNaN
	case collection.TooLong:
		return TextTooLong
	case collection.NoSuchKey:
		return TextNoSuchKey
	}
	return "ERR index out of range"
}

// ReplyChanged answers with the number of a change of elements.
func ReplyChanged(c *Call) {
	if a, ok := c.Changed(c.Requests[0], nil); ok {
		c.Out.Int(a.Number)
	}
}

// ReplyTaken answers with the first value of an answer, or nil if there is none.
func ReplyTaken(c *Call, a collection.Answer) {
	if len(a.Values) == 0 {
		c.Out.Null()
		return
	}
	c.Out.Value(a.Values[0])
}

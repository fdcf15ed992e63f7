package hashcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

func planRead(show func(*command.Call, collection.View)) func(*command.Call) {
	return command.PlanView(object.Field, show)
}

func planNamed(show func(*command.Call, collection.View)) func(*command.Call) {
	return command.PlanNamed(object.Field, show)
}

// planGet serves HGET key field [CONTEXT].
func planGet(c *command.Call) {
	switch {
	case len(c.Args) == 3:
		planNamed(showField)(c)
	case len(c.Args) == 4 && resp.Is(c.Args[3], "CONTEXT"):
		planRead(showFieldValues)(c)
	default:
		c.Refuse(command.WrongArity(c.Row))
	}
}

// showFieldValues writes the context of the key, and all concurrent values of a field.
func showFieldValues(c *command.Call, _ collection.View) {
	o := &c.Requests[0].Object
	reader := o.Elements.At(c.Now)
	var values [][]byte
	for _, e := range o.Elements.Of(object.Field, c.Args[2]) {
		if reader.Live(&e) {
			values = append(values, e.Data)
		}
	}
	c.Count(len(values) > 0)
	c.Out.Array(2)
	c.WriteContext(c.Requests[0].Key, o.Context())
	c.Out.Array(len(values))
	for _, v := range values {
		c.Out.Value(v)
	}
}

// showField writes the value of a field, or nil.
func showField(c *command.Call, v collection.View) {
	if e := v.Find(c.Args[2]); e != nil {
		c.Found(e.Data, true)
		return
	}
	c.Found(nil, false)
}

func showFields(c *command.Call, v collection.View) {
	c.Count(len(v) > 0)
	c.Out.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if e := v.Find(name); e != nil {
			c.Out.Value(e.Data)
		} else {
			c.Out.Null()
		}
	}
}

func showExists(c *command.Call, v collection.View) {
	found := v.Find(c.Args[2]) != nil
	c.Count(found)
	c.Out.Flag(found)
}

func showStringLength(c *command.Call, v collection.View) {
	e := v.Find(c.Args[2])
	if c.Count(e != nil); e == nil {
		c.Out.Int(0)
		return
	}
	c.Out.Int(int64(len(e.Data)))
}

func showNames(c *command.Call, v collection.View) {
	c.Count(len(v) > 0)
	c.Out.Array(len(v))
	for _, e := range v {
		c.Out.Value(e.Name)
	}
}

func showValues(c *command.Call, v collection.View) {
	c.Count(len(v) > 0)
	c.Out.Array(len(v))
	for _, e := range v {
		c.Out.Value(e.Data)
	}
}

func showAll(c *command.Call, v collection.View) {
	c.Count(len(v) > 0)
	c.Out.Map(len(v))
	for _, e := range v {
		showPair(c, e)
	}
}

func showPair(c *command.Call, e *object.Element) {
	c.Out.Value(e.Name)
	c.Out.Value(e.Data)
}

// planRandom serves HRANDFIELD key [count [WITHVALUES]].
func planRandom(c *command.Call) {
	if len(c.Args) == 2 {
		c.PlanDraw(object.Field, 1, func(c *command.Call, drawn collection.View) {
			if len(drawn) == 0 {
				c.Out.Null()
				return
			}
			c.Out.Value(drawn[0].Name)
		})
		return
	}
	withValues := len(c.Args) == 4 && resp.Is(c.Args[3], "WITHVALUES")
	count, refusal := command.ParseDraws(c.Args[2])
	if refusal == "" && len(c.Args) > 3 && !withValues {
		refusal = command.TextSyntax
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.PlanDraw(object.Field, count, func(c *command.Call, drawn collection.View) { showDrawn(c, drawn, withValues) })
}

// showDrawn writes fields that were drawn. In RESP3 each field is a pair with its value.
func showDrawn(c *command.Call, drawn collection.View, withValues bool) {
	switch {
	case !withValues:
		c.Out.Array(len(drawn))
	case c.Out.RESP3:
		c.Out.Array(len(drawn))
	default:
		c.Out.Array(2 * len(drawn))
	}
	for _, e := range drawn {
		switch {
		case !withValues:
			c.Out.Value(e.Name)
		case c.Out.RESP3:
			c.Out.Array(2)
			showPair(c, e)
		default:
			showPair(c, e)
		}
	}
}

func planScan(c *command.Call) { c.PlanScan(object.Field, 2, showPair) }

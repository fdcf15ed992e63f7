package collection

import (
	"errors"
	"math"
	"strconv"

	"github.com/quorate/quorate/cluster/core/number"
)

// setFields serves HSET and, with IfAbsent, HSETNX. The answer's number is how many fields are
// new.
func (c *Command) setFields(v View, set *changes, out *Outcome) {
	for i := 0; i < len(c.Args); i += 2 {
		exists := v.Find(c.Args[i]) != nil
		if exists && c.Flags&IfAbsent != 0 {
			continue
		}
		change, before := set.of(c.Args[i])
		if change.Data = c.Args[i+1]; !exists && !before {
			out.Number++
		}
	}
}

// incrementField serves HINCRBY. The answer's number is the sum.
func (c *Command) incrementField(v View, set *changes, out *Outcome) {
	old, expiry := int64(0), int64(0)
	if e := v.Find(c.Args[0]); e != nil {
		var ok bool
		if old, ok = number.ParseInt(e.Data); !ok {
			out.Failure = NotInteger
			return
		}
		expiry = e.Expiry
	}
	if c.Number > 0 && old > math.MaxInt64-c.Number || c.Number < 0 && old < math.MinInt64-c.Number {
		out.Failure = Overflow
		return
	}
	out.Number = old + c.Number
	change, _ := set.of(c.Args[0])
	change.Data, change.Expiry = strconv.AppendInt(nil, out.Number, 10), expiry
}

// incrementFieldFloat serves HINCRBYFLOAT. The answer's value is the sum.
func (c *Command) incrementFieldFloat(v View, set *changes, out *Outcome) {
	old, expiry := []byte("0"), int64(0)
	if e := v.Find(c.Args[0]); e != nil {
		old, expiry = e.Data, e.Expiry
	}
	if _, err := number.AddFloats(old, "0"); errors.Is(err, number.ErrNotFloat) {
		out.Failure = NotFloat
		return
	}
	sum, err := number.AddFloats(old, string(c.Args[1]))
	switch {
	case errors.Is(err, number.ErrNotFinite):
		out.Failure = NaN
		return
	case err != nil:
		out.Failure = BadAmount
		return
	}
	change, _ := set.of(c.Args[0])
	change.Data, change.Expiry = sum, expiry
	out.Values = [][]byte{sum}
}

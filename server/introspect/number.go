package introspect

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/limits"
)

// Number is a setting of this node that CONFIG SET changes.
type Number struct {
	Name   string
	Value  *atomic.Int64
	Within number.Range[int64]
	Unit   limits.Unit
}

// setting returns the row of CONFIG.
func (n Number) setting() setting {
	one := int64(1) // of CONFIG's numbers, in Value
	if n.Unit == limits.Nanoseconds {
		one = int64(time.Second)
	}
	within := number.Range[int64]{Least: n.Within.Least / one, Most: n.Within.Most / one}
	parse := func(value string) (v int64, err error) {
		if n.Unit == limits.Bytes {
			if v, err = number.ParseSize(value); err != nil {
				return 0, errors.New("argument must be a memory value")
			}
		} else {
			var ok bool
			if v, ok = number.ParseInt([]byte(value)); !ok {
				return 0, errors.New("argument couldn't be parsed into an integer")
			}
		}
		if !within.Holds(v) {
			return 0, fmt.Errorf("argument must be between %d and %d inclusive", within.Least, within.Most)
		}
		return v, nil
	}
	row := setting{
		get: func() string { return strconv.FormatInt(n.Value.Load()/one, 10) },
		set: func(value string) (func(), error) {
			v, err := parse(value)
			return func() { n.Value.Store(v * one) }, err
		},
	}
	if n.Unit == limits.Bytes {
		row.size, row.parse = n.Value, parse
	}
	return row
}

package geocmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/geo"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// form is the syntax of a search.
type form uint8

const (
	radius         form = iota // GEORADIUS
	radiusReadOnly             // GEORADIUS_RO
	member                     // GEORADIUSBYMEMBER
	memberReadOnly             // GEORADIUSBYMEMBER_RO
	options                    // GEOSEARCH, where all is an option
	optionsStore               // GEOSEARCHSTORE
)

// source returns the position of the key that is searched.
func (f form) source() int {
	if f == optionsStore {
		return 2
	}
	return 1
}

// order is that of the members of a reply.
type order uint8

const (
	byHash order = iota
	nearestFirst
	farthestFirst
)

// search is what a client wants.
type search struct {
	shape  geo.Shape
	member []byte  // whose place is the center; nil: the shape has it
	metres float64 // of the unit of distances

	order
	count                             int64 // 0: all
	any                               bool  // not the nearest ones, but any
	withDistance, withHash, withPoint bool

	target        []byte // key that the result is written to; nil: none
	storeDistance bool   // distances become the scores

	hasPoint, hasRadius bool // the shape has its center; it is a circle
}

// parse reads a search from all arguments.
func parse(f form, c *command.Call) (s search, refusal string) {
	args := c.Args[f.source()+1:]
	switch f {
	case radius, radiusReadOnly:
		if s.shape.Center, refusal = parsePoint(args); refusal != "" {
			return s, refusal
		}
		args = args[2:]
	case member, memberReadOnly:
		s.member, args = args[0], args[1:]
	case optionsStore:
		s.target = c.Args[1]
	}
	if f < options {
		if refusal = s.parseRadius(args); refusal != "" {
			return s, refusal
		}
		args = args[2:]
	}
	for len(args) > 0 {
		taken, refusal := s.parseOption(f, args)
		if refusal != "" {
			return s, refusal
		}
		args = args[taken:]
	}
	return s, s.check(f, c)
}

// parseRadius reads a radius and its unit.
func (s *search) parseRadius(args [][]byte) (refusal string) {
	var ok bool
	if s.shape.Radius, ok = number.ParseDouble(args[0]); !ok {
		return "ERR need numeric radius"
	}
	if s.shape.Radius < 0 {
		return "ERR radius cannot be negative"
	}
	if s.metres, refusal = parseUnit(args[1]); refusal != "" {
		return refusal
	}
	s.shape.Radius *= s.metres
	return ""
}

// parseBox reads a width, a height and their unit.
func (s *search) parseBox(args [][]byte) (refusal string) {
	var ok bool
	if s.shape.Width, ok = number.ParseDouble(args[0]); !ok {
		return "ERR need numeric width"
	}
	if s.shape.Height, ok = number.ParseDouble(args[1]); !ok {
		return "ERR need numeric height"
	}
	if s.shape.Width < 0 || s.shape.Height < 0 {
		return "ERR height or width cannot be negative"
	}
	if s.metres, refusal = parseUnit(args[2]); refusal != "" {
		return refusal
	}
	s.shape.Box = true
	s.shape.Width *= s.metres
	s.shape.Height *= s.metres
	return ""
}

// parseOption reads the option that args begin with, and says how many arguments it took.
func (s *search) parseOption(f form, args [][]byte) (taken int, refusal string) {
	arg, left := args[0], len(args)-1
	switch {
	case resp.Is(arg, "WITHDIST"):
		s.withDistance = true
	case resp.Is(arg, "WITHHASH"):
		s.withHash = true
	case resp.Is(arg, "WITHCOORD"):
		s.withPoint = true
	case resp.Is(arg, "ANY"):
		s.any = true
	case resp.Is(arg, "ASC"):
		s.order = nearestFirst
	case resp.Is(arg, "DESC"):
		s.order = farthestFirst
	case resp.Is(arg, "COUNT") && left > 0:
		return 2, s.parseCount(args[1])
	case (f == radius || f == member) && left > 0 && (resp.Is(arg, "STORE") || resp.Is(arg, "STOREDIST")):
		s.target, s.storeDistance = args[1], resp.Is(arg, "STOREDIST")
		return 2, ""
	case f == optionsStore && resp.Is(arg, "STOREDIST"):
		s.storeDistance = true
	case f >= options:
		return s.parseArea(args)
	default:
		return 0, command.TextSyntax
	}
	return 1, ""
}

func (s *search) parseCount(arg []byte) (refusal string) {
	var ok bool
	if s.count, ok = number.ParseInt(arg); !ok {
		return command.TextNotInteger
	}
	if s.count < 1 {
		return "ERR COUNT must be > 0"
	}
	return ""
}

// parseArea reads an option that says where to search. As in Redis, one that is repeated replaces
// itself.
func (s *search) parseArea(args [][]byte) (taken int, refusal string) {
	arg, left := args[0], len(args)-1
	switch {
	case !s.hasPoint && left > 0 && resp.Is(arg, "FROMMEMBER"):
		s.member = args[1]
		return 2, ""
	case s.member == nil && left > 1 && resp.Is(arg, "FROMLONLAT"):
		s.shape.Center, refusal = parsePoint(args[1:])
		s.hasPoint = true
		return 3, refusal
	case !s.shape.Box && left > 1 && resp.Is(arg, "BYRADIUS"):
		s.hasRadius = true
		return 3, s.parseRadius(args[1:])
	case !s.hasRadius && left > 2 && resp.Is(arg, "BYBOX"):
		return 4, s.parseBox(args[1:])
	}
	return 0, command.TextSyntax
}

// check returns the reason why the options do not go together, if there is one.
func (s *search) check(f form, c *command.Call) (refusal string) {
	name := string(c.Args[0])
	switch {
	case s.target != nil && (s.withDistance || s.withHash || s.withPoint):
		which := "STORE option in GEORADIUS"
		if f == optionsStore {
			which = "GEOSEARCHSTORE"
		}
		return "ERR " + which + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
	case f >= options && s.member == nil && !s.hasPoint:
		return "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + name
	case f >= options && !s.hasRadius && !s.shape.Box:
		return "ERR exactly one of BYRADIUS and BYBOX can be specified for " + name
	case s.any && s.count == 0:
		return "ERR the ANY argument requires COUNT argument"
	}
	return ""
}

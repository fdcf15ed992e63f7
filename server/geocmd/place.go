package geocmd

import (
	"math"
	"strconv"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/geo"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

var addOptions = []struct {
	name string
	flag collection.Flags
}{{"NX", collection.IfAbsent}, {"XX", collection.IfMember}, {"CH", collection.CountChanged}}

func addOption(arg []byte) collection.Flags {
	for _, o := range addOptions {
		if resp.Is(arg, o.name) {
			return o.flag
		}
	}
	return 0
}

// planAdd serves GEOADD key [NX|XX] [CH] longitude latitude member [longitude latitude member …].
func planAdd(c *command.Call) {
	change := collection.Command{Op: collection.ScoredAdd}
	args := c.Args[2:]
	for len(args) > 0 && addOption(args[0]) != 0 {
		change.Flags |= addOption(args[0])
		args = args[1:]
	}
	const either = collection.IfAbsent | collection.IfMember
	if len(args) == 0 || len(args)%3 != 0 || change.Flags&either == either {
		c.Refuse(command.TextSyntax)
		return
	}
	for ; len(args) > 0; args = args[3:] {
		p, refusal := parsePoint(args)
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		change.Args = append(change.Args, args[2], object.AppendScore(nil, float64(p.Hash())))
	}
	c.Change(c.Args[1], change)
	c.Reply = command.ReplyChanged
}

// parsePoint reads a longitude and a latitude.
func parsePoint(args [][]byte) (p geo.Point, refusal string) {
	longitude, ok := number.ParseDouble(args[0])
	latitude, alsoOK := number.ParseDouble(args[1])
	if !ok || !alsoOK {
		return p, command.TextNoFloat
	}
	p = geo.Point{Longitude: longitude, Latitude: latitude}
	if !p.Valid() {
		return p, "ERR invalid longitude,latitude pair " + degrees(longitude) + "," + degrees(latitude)
	}
	return p, ""
}

// degrees returns the text of a coordinate in an error.
func degrees(f float64) string {
	if math.IsInf(f, 0) {
		return number.FormatDouble(f)
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// units are those of distances, in metres.
var units = []struct {
	name   string
	metres float64
}{{"M", 1}, {"KM", 1000}, {"FT", 0.3048}, {"MI", 1609.34}}

func parseUnit(arg []byte) (metres float64, refusal string) {
	for _, u := range units {
		if resp.Is(arg, u.name) {
			return u.metres, ""
		}
	}
	return 0, "ERR unsupported unit provided. please use M, KM, FT, MI"
}

// planView returns a Plan that reads a sorted set and answers with what show writes.
func planView(show func(*command.Call, collection.View)) func(*command.Call) {
	return command.PlanView(object.Scored, func(c *command.Call, v collection.View) {
		c.Count(len(v) > 0)
		show(c, v)
	})
}

// find returns the place of a member.
func find(v collection.View, member []byte) (p geo.Point, found bool) {
	e := v.Find(member)
	if e == nil {
		return p, false
	}
	return geo.PointOf(collection.ScoredOf(e).Score), true
}

// planDistance serves GEODIST key member member [M|KM|FT|MI].
func planDistance(c *command.Call) {
	metres, refusal := 1.0, ""
	switch {
	case len(c.Args) == 5:
		metres, refusal = parseUnit(c.Args[4])
	case len(c.Args) > 5:
		refusal = command.TextSyntax
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	planView(func(c *command.Call, v collection.View) {
		from, found := find(v, c.Args[2])
		to, alsoFound := find(v, c.Args[3])
		if !found || !alsoFound {
			c.Out.Null()
			return
		}
		writeDistance(c, from.To(to)/metres)
	})(c)
}

// writeDistance writes a distance as Redis does: with four decimals, in both protocols as text.
func writeDistance(c *command.Call, distance float64) {
	c.Out.Text(strconv.FormatFloat(distance, 'f', 4, 64))
}

func showHashes(c *command.Call, v collection.View) {
	c.Out.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		if p, found := find(v, member); found {
			c.Out.Text(p.Geohash())
			continue
		}
		c.Out.Null()
	}
}

func showPoints(c *command.Call, v collection.View) {
	c.Out.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		if p, found := find(v, member); found {
			writePoint(c, p)
			continue
		}
		c.Out.NullArray()
	}
}

// writePoint writes the longitude and the latitude of a point, each with up to 17 decimals.
func writePoint(c *command.Call, p geo.Point) {
	c.Out.Array(2)
	c.Out.Decimal(p.Longitude)
	c.Out.Decimal(p.Latitude)
}

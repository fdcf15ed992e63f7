package geocmd

import "github.com/quorate/quorate/server/command"

// Rows returns the commands on places.
func Rows() []command.Row {
	const (
		complexity = "O(N) where N is the number of members of the sorted set"
		searched   = "O(N log N) where N is the number of members of the sorted set, all of which are looked at"
	)
	return []command.Row{
		{
			Name: "geoadd", Arity: -5, Flags: "write denyoom", Keys: command.Key("RW update"), Categories: "@write @geo @slow",
			Group: "geo", Since: "3.2.0", Complexity: complexity,
			Summary: "Add places to a sorted set, or move them",
			Plan:    planAdd,
		},
		{
			Name: "geodist", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @geo @slow",
			Group: "geo", Since: "3.2.0", Complexity: complexity,
			Summary: "Show the distance of two places",
			Plan:    planDistance,
		},
		{
			Name: "geohash", Arity: -2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @geo @slow",
			Group: "geo", Since: "3.2.0", Complexity: complexity,
			Summary: "Show the geohashes of places",
			Plan:    planView(showHashes),
		},
		{
			Name: "geopos", Arity: -2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @geo @slow",
			Group: "geo", Since: "3.2.0", Complexity: complexity,
			Summary: "Show the longitudes and latitudes of places",
			Plan:    planView(showPoints),
		},
		{
			Name: "geosearch", Arity: -7, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @geo @slow",
			Group: "geo", Since: "6.2.0", Complexity: searched,
			Summary: "List the places in a circle or a rectangle",
			Run:     runSearch(options),
		},
		{
			Name: "geosearchstore", Arity: -8, Flags: "write denyoom", Keys: command.TwoKeys("OW update;RO access"), Categories: "@write @geo @slow",
			Group: "geo", Since: "6.2.0", Complexity: searched,
			Summary: "Write the places in a circle or a rectangle to another key. Not atomic",
			Run:     runSearch(optionsStore),
		},
		{
			Name: "georadius", Arity: -6, Flags: "write denyoom movablekeys", Keys: command.Key("RO access"), Categories: "@write @geo @slow",
			Group: "geo", Since: "3.2.0", Complexity: searched,
			Summary: "The older form of GEOSEARCH in a circle around a point",
			Run:     runSearch(radius),
		},
		{
			Name: "georadius_ro", Arity: -6, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @geo @slow",
			Group: "geo", Since: "3.2.10", Complexity: searched,
			Summary: "GEORADIUS without the options that write",
			Run:     runSearch(radiusReadOnly),
		},
		{
			Name: "georadiusbymember", Arity: -5, Flags: "write denyoom movablekeys", Keys: command.Key("RO access"), Categories: "@write @geo @slow",
			Group: "geo", Since: "3.2.0", Complexity: searched,
			Summary: "The older form of GEOSEARCH in a circle around a member",
			Run:     runSearch(member),
		},
		{
			Name: "georadiusbymember_ro", Arity: -5, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @geo @slow",
			Group: "geo", Since: "3.2.10", Complexity: searched,
			Summary: "GEORADIUSBYMEMBER without the options that write",
			Run:     runSearch(memberReadOnly),
		},
	}
}

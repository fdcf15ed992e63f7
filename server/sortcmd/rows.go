package sortcmd

import (
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// Rows returns SORT and SORT_RO.
func Rows() []command.Row {
	const complexity = "O(N log N + M) where N is the number of elements and M that of the keys of BY and GET"
	return []command.Row{
		{
			Name: "sort", Arity: -2, Flags: "write denyoom movablekeys", Categories: "@write @set @sortedset @list @slow @dangerous",
			Keys:  command.Keys{First: 1, Last: 1, Step: 1, Named: storeOf, Access: "RO access;OW update"},
			Group: "generic", Since: "1.0.0", Complexity: complexity,
			Summary: "Sort the elements of a list, a set or a sorted set, by themselves or by other keys, and show or store them, or other keys. Not atomic",
			Run:     run(true),
		},
		{
			Name: "sort_ro", Arity: -2, Flags: "readonly movablekeys", Categories: "@read @set @sortedset @list @slow @dangerous",
			Keys:  command.Key("RO access"),
			Group: "generic", Since: "7.0.0", Complexity: complexity,
			Summary: "Sort as SORT does, and only show",
			Run:     run(false),
		},
	}
}

// storeOf returns the position of the key of STORE, if there is one.
func storeOf(args [][]byte) (positions []int) {
	for i := 2; i < len(args); i++ {
		switch {
		case resp.Is(args[i], "LIMIT"):
			i += 2
		case resp.Is(args[i], "BY"), resp.Is(args[i], "GET"):
			i++
		case resp.Is(args[i], "STORE") && i+1 < len(args):
			i++
			positions = []int{i} // the last one counts
		}
	}
	return positions
}

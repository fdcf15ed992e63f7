package collection

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
)

// What removes a range says so, and what removes elements by their names or hands them out does not.
func TestCommand_Apply_SaysWhatRemovesARange(t *testing.T) {
	view := func(kind object.Kind, data func(i int) []byte) (v View) {
		for i := range 6 {
			v = append(v, &object.Element{Kind: kind, Name: fmt.Append(nil, i), Data: data(i)})
		}
		return v
	}
	views := map[object.Kind]View{
		object.Member: view(object.Member, func(int) []byte { return nil }),
		object.Scored: view(object.Scored, func(i int) []byte { return object.AppendScore(nil, float64(i)) }),
		object.Item:   view(object.Item, func(i int) []byte { return fmt.Append(nil, i%2) }),
	}
	var stream document
	for i := range 6 {
		stream.do(added(NewID{}, int64(i+1), 0))
	}
	views[object.Entry] = ViewOf(&stream.Object, object.Entry, stream.now)
	trim := Trim{Longest: 3}.Append(nil)
	capped, about := added(NewID{}, 100, 0), added(NewID{}, 100, 0)
	capped.Args[2], about.Args[2] = trim, Trim{Longest: 3, About: true}.Append(nil)
	for _, c := range []struct {
		name   string
		c      Command
		ranges bool
	}{
		{"SREM", Command{Op: SetRemove, Args: args("1", "2")}, false},
		{"SPOP", Command{Op: SetPop, Number: 2}, false},
		{"ZREM", Command{Op: ScoredRemove, Args: args("1")}, false},
		{"ZPOPMIN", Command{Op: ScoredPop, Number: 2}, false},
		{"ZREMRANGEBYRANK", Command{Op: ScoredCut, Args: [][]byte{AppendRange(nil, Ranks{Start: 1, Stop: 2})}}, true},
		{"LPOP", Command{Op: ListPop, Number: 2}, false},
		{"LTRIM", Command{Op: ListTrim, Number: 2, Args: args("-1")}, true},
		{"LREM of all", Command{Op: ListRemove, Args: args("1")}, true},
		{"LREM of some", Command{Op: ListRemove, Number: -2, Args: args("1")}, false},
		{"LREM of more than there are", Command{Op: ListRemove, Number: 4, Args: args("1")}, true},
		{"XADD", added(NewID{}, 100, 0), false},
		{"XADD MAXLEN", capped, true},
		{"XADD MAXLEN ~, which trims none", about, false},
		{"XTRIM", Command{Op: StreamTrim, Args: [][]byte{trim}}, true},
	} {
		if out := c.c.Apply(views[c.c.Kind()]); !out.Write || out.Ranges != c.ranges {
			t.Errorf("%s removes a range: %v, want %v; it does %+v", c.name, out.Ranges, c.ranges, out)
		}
	}
}

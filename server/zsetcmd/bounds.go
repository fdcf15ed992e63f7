package zsetcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

const (
	textScoreBound = "ERR min or max is not a float"
	textNameBound  = "ERR min or max not valid string range item"
)

// parser reads the two ends of a range.
type parser func(low, high []byte) (s collection.Range, refusal string)

// parseRanks reads two ranks.
func parseRanks(start, stop []byte) (s collection.Range, refusal string) {
	from, ok := number.ParseInt(start)
	to, alsoOK := number.ParseInt(stop)
	if !ok || !alsoOK {
		return nil, command.TextNotInteger
	}
	return collection.Ranks{Start: from, Stop: to}, ""
}

// parseScores reads two scores. One that is not in the range has a ( before it.
func parseScores(low, high []byte) (s collection.Range, refusal string) {
	least, ok := parseScoreBound(low)
	greatest, alsoOK := parseScoreBound(high)
	if !ok || !alsoOK {
		return nil, textScoreBound
	}
	return collection.Scores{Min: least, Max: greatest}, ""
}

func parseScoreBound(arg []byte) (b collection.ScoreBound, ok bool) {
	if len(arg) > 0 && arg[0] == '(' {
		b.Open, arg = true, arg[1:]
	}
	b.Score, ok = number.NearestDouble(arg)
	return b, ok
}

// parseNames reads two names with a [ before each that is in the range, or a ( before each that
// is not; - is before all names, and + after them.
func parseNames(low, high []byte) (s collection.Range, refusal string) {
	least, ok := parseNameBound(low)
	greatest, alsoOK := parseNameBound(high)
	if !ok || !alsoOK {
		return nil, textNameBound
	}
	return collection.Names{Min: least, Max: greatest}, ""
}

func parseNameBound(arg []byte) (b collection.NameBound, ok bool) {
	switch {
	case string(arg) == "-":
		b.Place = collection.BeforeAll
	case string(arg) == "+":
		b.Place = collection.AfterAll
	case len(arg) > 0 && (arg[0] == '(' || arg[0] == '['):
		b.Open, b.Name = arg[0] == '(', arg[1:]
	default:
		return b, false
	}
	return b, true
}

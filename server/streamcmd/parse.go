package streamcmd

import (
	"math"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const (
	textBadID       = "ERR Invalid stream ID specified as stream command argument"
	textBothTrims   = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
	textNoTrim      = "ERR syntax error, XTRIM must be called with a trimming strategy"
	textLimitAlone  = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
	textLimitExact  = "ERR syntax error, LIMIT cannot be used without the special ~ option"
	textBadLength   = "ERR The MAXLEN argument must be >= 0."
	textBadLimit    = "ERR The LIMIT argument must be >= 0."
	textBadFirst    = "ERR invalid start ID for the interval"
	textBadLast     = "ERR invalid end ID for the interval"
	textNoZero      = "ERR The ID specified in XADD must be greater than 0-0"
	textSmallID     = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	textNoIDs       = "ERR The stream has exhausted the last possible ID, unable to add more items"
	textBelowTop    = "ERR The ID specified in XSETID is smaller than the target stream top item"
	textBelowLength = "ERR The entries_added specified in XSETID is smaller than the target stream length"
	textBelowMark   = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"
	textBelowGiven  = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
	textNegative    = "ERR entries_added must be positive"
)

// failures are the texts of Redis for changes of streams.
var failures = map[collection.Failure]string{
	collection.ZeroID: textNoZero, collection.SmallID: textSmallID, collection.IDsExhausted: textNoIDs,
	collection.BelowTop: textBelowTop, collection.BelowLength: textBelowLength, collection.BelowDeleted: textBelowMark,
}

// addition is what XADD and XTRIM have before the fields.
type addition struct {
	id      collection.NewID
	trim    collection.Trim
	trims   bool
	present bool // only where the stream exists
}

// parseTrim reads MAXLEN|MINID [=|~] threshold at args[0], and returns what is behind it.
func (a *addition) parseTrim(args [][]byte) (rest [][]byte, refusal string) {
	if a.trims {
		return nil, textBothTrims
	}
	a.trims, a.trim.ByID = true, resp.Is(args[0], "MINID")
	args = args[1:]
	if len(args) > 1 && (string(args[0]) == "~" || string(args[0]) == "=") {
		a.trim.About = string(args[0]) == "~"
		args = args[1:]
	}
	if a.trim.ByID {
		var ok bool
		if a.trim.Least, ok = collection.ParseStreamID(args[0], 0); !ok {
			return nil, textBadID
		}
		a.trim.Longest = 0
		return args[1:], ""
	}
	longest, ok := number.ParseInt(args[0])
	switch {
	case !ok:
		return nil, command.TextNotInteger
	case longest < 0:
		return nil, textBadLength
	}
	a.trim.Longest = uint64(longest)
	return args[1:], ""
}

// parseAddition reads [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] and, of XADD, the id. It
// returns the fields behind that.
func parseAddition(args [][]byte, adds bool) (a addition, fields [][]byte, refusal string) {
	limited, found := false, false
	for len(args) > 0 && !found && refusal == "" {
		more := len(args) > 1
		switch word := args[0]; {
		case more && (resp.Is(word, "MAXLEN") || resp.Is(word, "MINID")):
			args, refusal = a.parseTrim(args)
		case more && resp.Is(word, "LIMIT"):
			limit, ok := number.ParseInt(args[1])
			switch {
			case !ok:
				refusal = command.TextNotInteger
			case limit < 0:
				refusal = textBadLimit
			}
			a.trim.Limit, limited, args = limit, true, args[2:]
		case adds && resp.Is(word, "NOMKSTREAM"):
			a.present, args = true, args[1:]
		case !adds:
			refusal = command.TextSyntax
		default:
			if a.id, found = parseNewID(word); !found {
				refusal = textBadID
			}
			args = args[1:]
		}
	}
	switch {
	case refusal != "":
	case limited && a.trim.Limit > 0 && !a.trims:
		refusal = textLimitAlone
	case !adds && !a.trims:
		refusal = textNoTrim
	case limited && !a.trim.About:
		refusal = textLimitExact
	case a.trim.About && !limited:
		a.trim.Limit = collection.DefaultTrimLimit
	}
	return a, args, refusal
}

// parseNewID reads the id of a new entry: *, a time and -*, or an id.
func parseNewID(word []byte) (id collection.NewID, ok bool) {
	if string(word) == "*" {
		return collection.NewID{Rule: collection.AutoID}, true
	}
	id.Rule = collection.ExplicitID
	if n := len(word) - 2; n > 0 && string(word[n:]) == "-*" {
		id.Rule, word = collection.AutoSequence, word[:n]
	}
	id.ID, ok = collection.ParseStreamID(word, 0)
	return id, ok
}

// parseSpan reads the ends of a range, the smaller one first: -, +, an id, or a ( and an id.
func parseSpan(first, last []byte) (from, to collection.StreamID, refusal string) {
	parse := func(word []byte, missing uint64) (id collection.StreamID, beyond, ok bool) {
		switch {
		case string(word) == "-":
			return id, false, true
		case string(word) == "+":
			return collection.MaxStreamID, false, true
		case len(word) > 1 && word[0] == '(':
			beyond, word = true, word[1:]
		}
		id, ok = collection.ParseStreamID(word, missing)
		return id, beyond, ok
	}
	from, beyond, ok := parse(first, 0)
	if !ok {
		return from, to, textBadID
	}
	if beyond {
		if from, ok = from.Next(); !ok {
			return from, to, textBadFirst
		}
	}
	if to, beyond, ok = parse(last, math.MaxUint64); !ok {
		return from, to, textBadID
	}
	if beyond {
		if to, ok = to.Previous(); !ok {
			return from, to, textBadLast
		}
	}
	return from, to, ""
}

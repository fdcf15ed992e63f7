package command

import (
	"github.com/quorate/quorate/cluster/core/number"
)

// CheckDatabase returns the refusal of any database but 0, the only one.
func CheckDatabase(arg []byte) (refusal string) {
	switch n, ok := number.ParseInt(arg); {
	case !ok:
		return TextNotInteger
	case n != 0:
		return TextDBIndex
	}
	return ""
}

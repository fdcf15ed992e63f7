package command

import "github.com/quorate/quorate/server/resp"

// CheckDatabase returns the refusal of any database but 0, the only one.
func CheckDatabase(arg []byte) (refusal string) {
	switch n, ok := resp.ParseInt(arg); {
	case !ok:
		return TextNotInteger
	case n != 0:
		return TextDBIndex
	}
	return ""
}

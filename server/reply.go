package server

import (
	"strconv"
	"strings"

	"github.com/tidwall/redcon"
)

// reply renders replies in the protocol that the client chose.
type reply struct {
	buf    []byte
	resp3  bool
	muted  bool // CLIENT REPLY OFF or SKIP: rendered, then thrown away
	errors int64
	tally  *errorTally
}

func (r *reply) raw(s string)     { r.buf = append(r.buf, s...) }
func (r *reply) ok()              { r.buf = append(r.buf, "+OK\r\n"...) }
func (r *reply) status(s string)  { r.buf = redcon.AppendString(r.buf, s) }
func (r *reply) integer(n int64)  { r.buf = redcon.AppendInt(r.buf, n) }
func (r *reply) bulk(b []byte)    { r.buf = redcon.AppendBulk(r.buf, b) }
func (r *reply) text(s string)    { r.buf = redcon.AppendBulkString(r.buf, s) }
func (r *reply) array(n int)      { r.buf = redcon.AppendArray(r.buf, n) }
func (r *reply) bulkHeader(n int) { r.header('$', n) }
func (r *reply) number(yes bool)  { r.buf = append(r.buf, ':', '0'+b2b(yes), '\r', '\n') }

// failure writes an error line; redcon turns CR and LF into blanks.
func (r *reply) failure(text string) {
	r.errors++
	if r.tally != nil {
		r.tally.count(text)
	}
	r.buf = redcon.AppendError(r.buf, text)
}

func (r *reply) null() {
	if r.resp3 {
		r.raw("_\r\n")
		return
	}
	r.raw("$-1\r\n")
}

// mapping starts n pairs, which follow as 2n replies.
func (r *reply) mapping(n int) {
	if r.resp3 {
		r.header('%', n)
		return
	}
	r.array(2 * n)
}

// double writes a number with a fraction.
func (r *reply) double(f float64) {
	text := strconv.FormatFloat(f, 'g', 17, 64)
	if !r.resp3 {
		r.text(text)
		return
	}
	r.raw("," + text + "\r\n")
}

func (r *reply) set(n int) {
	if r.resp3 {
		r.header('~', n)
		return
	}
	r.array(n)
}

// attribute starts n pairs of extra data before a reply. RESP3 only, and only
// for clients that asked: widespread libraries break on it.
func (r *reply) attribute(n int) { r.header('|', n) }

// verbatim writes text that is meant for a reader's eyes.
func (r *reply) verbatim(s string) {
	if !r.resp3 {
		r.text(s)
		return
	}
	r.header('=', len(s)+4)
	r.raw("txt:")
	r.raw(s)
	r.raw("\r\n")
}

// lines writes a HELP reply: an array of status lines.
func (r *reply) lines(lines []string) {
	r.array(len(lines))
	for _, line := range lines {
		r.status(line)
	}
}

// statuses writes the words of s as a set of status lines.
func (r *reply) statuses(words string) {
	fields := strings.Fields(words)
	r.set(len(fields))
	for _, word := range fields {
		r.status(word)
	}
}

func (r *reply) header(kind byte, n int) {
	r.buf = append(r.buf, kind)
	r.buf = strconv.AppendInt(r.buf, int64(n), 10)
	r.buf = append(r.buf, '\r', '\n')
}

func b2b(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}

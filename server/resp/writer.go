package resp

import (
	"strconv"
	"strings"

	"github.com/tidwall/redcon"

	"github.com/quorate/quorate/cluster/core/number"
)

// Sizes from which a [Writer] hands bytes to its [Sink].
const (
	FlushBytes  = 64 << 10 // rendered replies are sent at this size
	directBytes = 64 << 10 // larger values are sent from where they lie
)

// Sink sends rendered replies to the client.
type Sink interface {
	// Flush sends Writer.Buf and empties it. The sink remembers an error; the
	// caller finds it at the end of the batch.
	Flush() error
	// Send sends p behind everything that was flushed. It keeps no reference to
	// p after it returns.
	Send(p []byte) error
}

// ErrorCounter counts error replies by their text.
type ErrorCounter interface{ CountError(text string) }

// Writer renders replies in the protocol that the client chose.
type Writer struct {
	Buf      []byte // rendered and not yet sent
	RESP3    bool
	Muted    bool  // CLIENT REPLY OFF or SKIP: the reply is rendered, then dropped
	Failures int64 // error replies so far

	sink   Sink         // nil: everything stays in Buf
	errors ErrorCounter // nil: errors are not counted
}

// NewWriter returns a writer of RESP2. Both arguments may be nil.
func NewWriter(sink Sink, errors ErrorCounter) Writer { return Writer{sink: sink, errors: errors} }

// Raw appends bytes that are protocol already.
func (w *Writer) Raw(s string) { w.Buf = append(w.Buf, s...) }

// OK writes the status OK.
func (w *Writer) OK() { w.Buf = append(w.Buf, "+OK\r\n"...) }

// Status writes a short text without CR or LF.
func (w *Writer) Status(s string) { w.Buf = redcon.AppendString(w.Buf, s) }

// Int writes an integer.
func (w *Writer) Int(n int64) { w.Buf = redcon.AppendInt(w.Buf, n) }

// Flag writes the integer 1 for yes and 0 for no.
func (w *Writer) Flag(yes bool) {
	digit := byte('0')
	if yes {
		digit = '1'
	}
	w.Buf = append(w.Buf, ':', digit, '\r', '\n')
}

// Bulk writes bytes. [Writer.Value] is the one to use where they may be large.
func (w *Writer) Bulk(b []byte) { w.Buf = redcon.AppendBulk(w.Buf, b) }

// Text writes a string as Bulk writes bytes.
func (w *Writer) Text(s string) { w.Buf = redcon.AppendBulkString(w.Buf, s) }

// Value writes bytes, and hands large ones to the sink without copying them.
func (w *Writer) Value(b []byte) {
	if len(b) < directBytes || w.Muted || w.sink == nil {
		w.Bulk(b)
		w.Trim()
		return
	}
	w.header('$', len(b))
	_ = w.sink.Flush() // the session finds a lost connection at the end of the batch
	_ = w.sink.Send(b)
	w.Raw("\r\n")
}

// Trim sends what has been rendered so far if it is much.
func (w *Writer) Trim() {
	if len(w.Buf) >= FlushBytes && !w.Muted && w.sink != nil {
		_ = w.sink.Flush()
	}
}

// Error writes an error line. CR and LF in the text become blanks.
func (w *Writer) Error(text string) {
	w.Failures++
	if w.errors != nil {
		w.errors.CountError(text)
	}
	w.Buf = redcon.AppendError(w.Buf, text)
}

// Null writes the reply for a missing value.
func (w *Writer) Null() {
	if w.RESP3 {
		w.Raw("_\r\n")
		return
	}
	w.Raw("$-1\r\n")
}

// Array starts n elements, which follow as n replies.
func (w *Writer) Array(n int) { w.Buf = redcon.AppendArray(w.Buf, n) }

// Map starts n pairs, which follow as 2n replies.
func (w *Writer) Map(n int) {
	if w.RESP3 {
		w.header('%', n)
		return
	}
	w.Array(2 * n)
}

// Set starts n elements without an order.
func (w *Writer) Set(n int) {
	if w.RESP3 {
		w.header('~', n)
		return
	}
	w.Array(n)
}

// Attribute starts n pairs of extra data before a reply. RESP3 only, and only
// for clients that asked: widespread libraries break on it.
func (w *Writer) Attribute(n int) { w.header('|', n) }

// NullArray writes the reply for a missing array.
func (w *Writer) NullArray() {
	if w.RESP3 {
		w.Raw("_\r\n")
		return
	}
	w.Raw("*-1\r\n")
}

// Double writes a number with a fraction.
func (w *Writer) Double(f float64) {
	text := number.FormatDouble(f)
	if !w.RESP3 {
		w.Text(text)
		return
	}
	w.Raw("," + text + "\r\n")
}

// Decimal writes a number with a fraction without an exponent: up to 17 decimals.
func (w *Writer) Decimal(f float64) {
	text := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(f, 'f', 17, 64), "0"), ".")
	if !w.RESP3 {
		w.Text(text)
		return
	}
	w.Raw("," + text + "\r\n")
}

// Verbatim writes text that is meant to be read by people.
func (w *Writer) Verbatim(s string) {
	if !w.RESP3 {
		w.Text(s)
		return
	}
	w.header('=', len(s)+4)
	w.Raw("txt:")
	w.Raw(s)
	w.Raw("\r\n")
}

// Lines writes the reply of a HELP command: an array of status lines.
func (w *Writer) Lines(lines []string) {
	w.Array(len(lines))
	for _, line := range lines {
		w.Status(line)
	}
}

// Texts writes an array of strings.
func (w *Writer) Texts(texts []string) {
	w.Array(len(texts))
	for _, text := range texts {
		w.Text(text)
	}
}

// Statuses writes the words of s as a set of status lines.
func (w *Writer) Statuses(words string) {
	fields := strings.Fields(words)
	w.Set(len(fields))
	for _, word := range fields {
		w.Status(word)
	}
}

func (w *Writer) header(kind byte, n int) {
	w.Buf = append(w.Buf, kind)
	w.Buf = strconv.AppendInt(w.Buf, int64(n), 10)
	w.Buf = append(w.Buf, '\r', '\n')
}

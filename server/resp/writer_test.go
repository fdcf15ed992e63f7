package resp

import (
	"bufio"
	"bytes"
	"math"
	"strings"
	"testing"
)

// recorder is a sink that keeps what it is sent.
type recorder struct {
	w     *Writer
	sent  bytes.Buffer
	sends int
}

func (r *recorder) Flush() error {
	r.sent.Write(r.w.Buf)
	r.w.Buf = r.w.Buf[:0]
	return nil
}

func (r *recorder) Send(p []byte) error {
	r.sends++
	r.sent.Write(p)
	return nil
}

func TestWriter_EachKind_InBothProtocols(t *testing.T) {
	for _, c := range []struct {
		name         string
		write        func(*Writer)
		resp2, resp3 string
	}{
		{"null", func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
		{"map", func(w *Writer) { w.Map(2) }, "*4\r\n", "%2\r\n"},
		{"set", func(w *Writer) { w.Set(2) }, "*2\r\n", "~2\r\n"},
		{"double", func(w *Writer) { w.Double(1.5) }, "$3\r\n1.5\r\n", ",1.5\r\n"},
		{"double of 17 digits", func(w *Writer) { w.Double(3.1) }, "$18\r\n3.1000000000000001\r\n", ",3.1000000000000001\r\n"},
		{"whole double", func(w *Writer) { w.Double(1e16) }, "$17\r\n10000000000000000\r\n", ",10000000000000000\r\n"},
		{"large double", func(w *Writer) { w.Double(-1e20) }, "$6\r\n-1e+20\r\n", ",-1e+20\r\n"},
		{"infinite double", func(w *Writer) { w.Double(math.Inf(1)) }, "$3\r\ninf\r\n", ",inf\r\n"},
		{"negative infinite double", func(w *Writer) { w.Double(math.Inf(-1)) }, "$4\r\n-inf\r\n", ",-inf\r\n"},
		{"decimal", func(w *Writer) { w.Decimal(13.361389338970184) }, "$20\r\n13.36138933897018433\r\n", ",13.36138933897018433\r\n"},
		{"whole decimal", func(w *Writer) { w.Decimal(-100) }, "$4\r\n-100\r\n", ",-100\r\n"},
		{"null array", func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
		{"verbatim", func(w *Writer) { w.Verbatim("ab") }, "$2\r\nab\r\n", "=6\r\ntxt:ab\r\n"},
		{"statuses", func(w *Writer) { w.Statuses("a b") }, "*2\r\n+a\r\n+b\r\n", "~2\r\n+a\r\n+b\r\n"},
		{"flag", func(w *Writer) { w.Flag(true); w.Flag(false) }, ":1\r\n:0\r\n", ":1\r\n:0\r\n"},
		{"error", func(w *Writer) { w.Error("ERR a\r\nb") }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
	} {
		two, three := NewWriter(nil, nil), NewWriter(nil, nil)
		three.RESP3 = true
		c.write(&two)
		c.write(&three)
		if got := string(two.Buf); got != c.resp2 {
			t.Errorf("%s in RESP2: %q, want %q", c.name, got, c.resp2)
		}
		if got := string(three.Buf); got != c.resp3 {
			t.Errorf("%s in RESP3: %q, want %q", c.name, got, c.resp3)
		}
	}
}

func TestWriter_LargeValue_IsSentInOrderWithoutACopy(t *testing.T) {
	r := new(recorder)
	w := NewWriter(r, nil)
	r.w = &w
	large := strings.Repeat("x", directBytes)
	w.OK()
	w.Value([]byte(large))
	w.OK()
	_ = r.Flush()
	if want := "+OK\r\n$65536\r\n" + large + "\r\n+OK\r\n"; r.sent.String() != want || r.sends != 1 {
		t.Errorf("%d bytes in %d direct sends", r.sent.Len(), r.sends)
	}
	w.Muted = true
	w.Value([]byte(large))
	if r.sends != 1 {
		t.Error("a muted value was sent")
	}
}

// FuzzWriter checks that any bytes in a reply leave it one well-formed line or
// bulk string.
func FuzzWriter(f *testing.F) {
	f.Add([]byte("ERR a\r\nb"))
	f.Fuzz(func(t *testing.T, text []byte) {
		w := NewWriter(nil, nil)
		w.Error(string(text))
		w.Bulk(text)
		in := bufio.NewReader(bytes.NewReader(w.Buf))
		line, err := in.ReadString('\n')
		if err != nil || line[0] != '-' || strings.ContainsAny(line[1:len(line)-2], "\r\n") {
			t.Fatalf("error line %q, %v", line, err)
		}
		rest := string(w.Buf[len(line):])
		if !strings.HasPrefix(rest, "$") || !strings.HasSuffix(rest, "\r\n"+string(text)+"\r\n") {
			t.Fatalf("bulk string %q", rest)
		}
	})
}

// What fails is counted once for each error, and by its text.
func TestWriter_Errors_AreCounted(t *testing.T) {
	var counted errorTexts
	w := NewWriter(nil, &counted)
	w.Bulk([]byte("ERR is no error"))
	w.Null()
	for i, text := range []string{"ERR one", "WRONGTYPE two"} {
		if w.Error(text); w.Failures != int64(i+1) {
			t.Errorf("%d failures after %d errors", w.Failures, i+1)
		}
	}
	if got := strings.Join(counted, ", "); got != "ERR one, WRONGTYPE two" {
		t.Errorf("counted %q", got)
	}
}

type errorTexts []string

func (e *errorTexts) CountError(text string) { *e = append(*e, text) }

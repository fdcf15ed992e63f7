package resp

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/redcon"
)

func testLimits() *Limits {
	l := new(Limits)
	l.BulkBytes.Store(512 << 20)
	l.Arguments.Store(1 << 20)
	return l
}

// parseAll feeds a stream to a framer in pieces, the way a session does, and
// returns the commands that redcon makes of the bytes it lets through.
func parseAll(g *Framer, stream []byte, sizes func() int) (commands []string, err error) {
	stream = bytes.Clone(stream) // the framer mends line ends
	var buffer []byte
	for {
		n, kind, err := g.Next(buffer)
		if err != nil {
			return commands, err
		}
		if n > 0 {
			if kind != ShapeBlank {
				args, err := Split(nil, buffer[:n], kind)
				if err != nil {
					return commands, err
				}
				if len(args) > 0 {
					commands = append(commands, fmt.Sprintf("%q", args))
				}
			}
			buffer = buffer[n:]
			continue
		}
		if len(stream) == 0 {
			return commands, nil
		}
		if missing := g.Missing(len(buffer)); missing < 1 {
			return commands, fmt.Errorf("waits for %d bytes", missing)
		}
		take := min(max(sizes(), 1), len(stream))
		buffer = append(buffer, stream[:take]...)
		stream = stream[take:]
	}
}

func whole() int { return math.MaxInt }

func TestFramer_HostileBytes_HaveRedisErrors(t *testing.T) {
	cases := []struct {
		in       string
		stranger bool
		want     string // the error; "" if none
		commands int
	}{
		{in: "*1\r\n$4\r\nPING\r\n", commands: 1},
		{in: "*1\r\n$4\r\nPINGab*1\r\n$4\r\nPING\r\n", commands: 2},
		{in: "*1\rx$4\rxPINGxx", commands: 1},
		{in: "*0\r\n*-1\r\n*-100\r\n\r\n\n   \r\nPING\r\n", commands: 1},
		{in: "*1\r\n$0\r\n\r\n", commands: 1},
		{in: "PING\nECHO \"a b\"\n", commands: 2},
		{in: "*1\r\n$9223372036854775807\r\n", want: "invalid bulk length"},
		{in: "*1\r\n$9223372036854775808\r\n", want: "invalid bulk length"},
		{in: "*1\r\n$536870913\r\n", want: "invalid bulk length"},
		{in: "*1\r\n$536870912\r\n"},
		{in: "*1\r\n$-1\r\n", want: "invalid bulk length"},
		{in: "*1\r\n$abc\r\n", want: "invalid bulk length"},
		{in: "*1\r\n$\r\n", want: "invalid bulk length"},
		{in: "*1\r\n$ 4\r\n", want: "invalid bulk length"},
		{in: "*1\r\n$+4\r\n", want: "invalid bulk length"},
		{in: "*1\r\n$04\r\n", want: "invalid bulk length"},
		{in: "*abc\r\n", want: "invalid multibulk length"},
		{in: "*\r\n", want: "invalid multibulk length"},
		{in: "*1048577\r\n", want: "invalid multibulk length"},
		{in: "*1048576\r\n"},
		{in: "*2147483648\r\n", want: "invalid multibulk length"},
		{in: "*9223372036854775807\r\n", want: "invalid multibulk length"},
		{in: "*1\r\n:4\r\n", want: "expected '$', got ':'"},
		{in: "*1\r\n\xff4\r\n", want: "expected '$', got '\xff'"},
		{in: "*2\r\n$4\r\nECHO\r\n*1\r\n", want: "expected '$', got '*'"},
		{in: "PING\r\n*1\r\n+\r\n", want: "expected '$', got '+'", commands: 1},
		{in: "*" + strings.Repeat("1", maxLine+2), want: "too big mbulk count string"},
		{in: "*1\r\n$" + strings.Repeat("1", maxLine+2), want: "too big bulk count string"},
		{in: strings.Repeat("a", maxLine+1), want: "too big inline request"},
		{in: strings.Repeat("a", maxLine-1) + "\r\n", commands: 1},
		{in: "\"abc\r\n", want: "unbalanced quotes in request"},
		{in: "\"a\"b\r\n", want: "unbalanced quotes in request"},
		{in: "'x\r\n", want: "unbalanced quotes in request"},
		{in: "$4 PING\r\n", commands: 1},
		{in: "*11\r\n", stranger: true, want: "unauthenticated multibulk length"},
		{in: "*10\r\n", stranger: true},
		{in: "*1\r\n$16385\r\n", stranger: true, want: "unauthenticated bulk length"},
		{in: "*1\r\n$16384\r\n", stranger: true},
		{in: "a b c d e f g h i j k l m\r\n", stranger: true, commands: 1},
	}
	for _, c := range cases {
		for name, sizes := range map[string]func() int{"whole": whole, "bytewise": func() int { return 1 }} {
			g := Framer{Limits: testLimits(), Authenticated: !c.stranger}
			commands, err := parseAll(&g, []byte(c.in), sizes)
			text := ""
			var broken ProtocolError
			if errors.As(err, &broken) {
				text = string(broken)
			} else if err != nil {
				t.Errorf("%.40q, %s: %v", c.in, name, err)
			}
			if text != c.want || len(commands) != c.commands {
				t.Errorf("%.40q, %s: %q after %d commands, want %q after %d", c.in, name, text, len(commands), c.want, c.commands)
			}
		}
	}
}

func TestFramer_AnyChunking_SameCommands(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var stream bytes.Buffer
	var want []string
	for range 300 {
		var args [][]byte
		for range 1 + r.IntN(5) {
			arg := make([]byte, r.IntN(100))
			for i := range arg {
				arg[i] = byte(r.IntN(256))
			}
			args = append(args, arg)
		}
		want = append(want, fmt.Sprintf("%q", args))
		fmt.Fprintf(&stream, "*%d\r\n", len(args))
		for _, arg := range args {
			fmt.Fprintf(&stream, "$%d\r\n%s\r\n", len(arg), arg)
		}
		if r.IntN(4) == 0 {
			stream.WriteString([]string{"\r\n", "*0\r\n", "*-1\r\n", "\n"}[r.IntN(4)])
		}
	}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		limit := 1 + r.IntN(400)
		g := Framer{Limits: testLimits(), Authenticated: true}
		got, err := parseAll(&g, stream.Bytes(), func() int { return 1 + r.IntN(limit) })
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v; %d commands, want %d", seed, err, len(got), len(want))
		}
	}
}

// TestFramer_CommandInManyPieces_LooksOnce shows that a command in many pieces costs no more than
// its bytes: with rescanning this test would take minutes.
func TestFramer_CommandInManyPieces_LooksOnce(t *testing.T) {
	const n = 200000
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", n)
	for range n {
		b.WriteString("$1\r\na\r\n")
	}
	g := Framer{Limits: testLimits(), Authenticated: true}
	raw := b.Bytes()
	for end := 1; end < len(raw); end++ {
		if got, _, err := g.Next(raw[:end]); got != 0 || err != nil {
			t.Fatalf("at %d of %d: %d, %v", end, len(raw), got, err)
		}
	}
	if got, _, err := g.Next(raw); got != len(raw) || err != nil {
		t.Fatalf("%d, %v", got, err)
	}
}

// FuzzFramer sends anything in any pieces: nothing may panic, redcon must accept
// whatever passes, and the pieces must make no difference.
func FuzzFramer(f *testing.F) {
	for _, seed := range []string{
		"*1\r\n$9223372036854775807\r\n", "*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "PING\r\n", "*-1\r\n", "$4 PING\r\n",
		"*1\r\n$-9223372036854775808\r\n", "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$0\r\n\r\n", "\"\\x41\\n\" 'b\\'c'\r\n", "*1\rx$1\rxaxx",
	} {
		f.Add([]byte(seed), uint64(1), true)
		f.Add([]byte(seed), uint64(7), false)
	}
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64, trusted bool) {
		l := testLimits()
		l.BulkBytes.Store(1 << 16)
		l.Arguments.Store(1 << 10)
		r := rand.New(rand.NewPCG(seed, 0))
		one := Framer{Limits: l, Authenticated: trusted}
		got, err := parseAll(&one, stream, func() int { return 1 + r.IntN(16) })
		other := Framer{Limits: l, Authenticated: trusted}
		want, wantErr := parseAll(&other, stream, whole)
		if !slices.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("in pieces %q %v, whole %q %v", got, err, want, wantErr)
		}
		var broken ProtocolError
		if err != nil && !errors.As(err, &broken) {
			t.Fatalf("the parser refuses what the framer let through: %v", err)
		}
	})
}

func BenchmarkFramer(b *testing.B) {
	raw := []byte("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$3\r\nxxx\r\n")
	g := Framer{Limits: testLimits(), Authenticated: true}
	var args [][]byte
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		n, _, err := g.Next(raw)
		if n != len(raw) || err != nil {
			b.Fatal(n, err)
		}
		_, args, _, _, _ = redcon.ReadNextCommand(raw, args[:0])
	}
}

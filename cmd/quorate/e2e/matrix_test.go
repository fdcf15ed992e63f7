package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the client matrix asks of every library, in Go here and in the scripts of
// server/testdata/clients.
var (
	pipelined = 1000
	many      = 10_000 // keys of one MGET, and of one scan
	large     = 16 << 20
)

// unhurried are the settings of clusters that nothing is measured of: large values
// and long pipelines may take their time where others use the machine too.
var unhurried = []string{"--durability", "interval", "--request-timeout", "30s"}

// library is a client library, opened in one of its ways.
type library struct {
	do       func(args ...string) (any, error) // to the slot of the second argument, if it has a key
	anywhere func(args ...string) (any, error) // to any node
	pipeline func(commands [][]string) error
	narrow   bool // it refuses commands on keys of several slots by itself
}

// exercise holds a library to the matrix.
func exercise(t *testing.T, name string, lib library) {
	for _, s := range samples(t, name) {
		call := lib.anywhere
		if s.Key != "" {
			call = lib.do
		}
		_, err := call(s.Args...)
		if s.Error == "" && err != nil || s.Error != "" && (err == nil || !strings.HasPrefix(strings.TrimPrefix(err.Error(), "ERR "), s.Error)) {
			t.Errorf("%v: %v, want %q", s.Args, err, s.Error)
		}
	}
	must := func(args ...string) any {
		t.Helper()
		got, err := lib.do(args...)
		if err != nil {
			t.Fatalf("%.40q: %v", args, err)
		}
		return got
	}
	var every []byte
	for i := range 256 {
		every = append(every, byte(i))
	}
	binary := name + string(every)
	must("SET", binary, string(every))
	if got := text(must("GET", binary)); got != string(every) {
		t.Errorf("a value of every byte comes back as %q", got)
	}
	value := bytes.Repeat([]byte("0123456789abcde\n"), large/16)
	must("SET", name+"large", string(value))
	if got := text(must("GET", name+"large")); got != string(value) {
		t.Errorf("a value of %d bytes comes back as one of %d, or altered", large, len(got))
	}
	must("DEL", name+"large")

	var commands [][]string
	for i := range pipelined {
		commands = append(commands, []string{"SET", fmt.Sprint(name, "p", i), strconv.Itoa(i)})
	}
	if err := lib.pipeline(commands); err != nil {
		t.Errorf("a pipeline of %d: %v", pipelined, err)
	}
	tag := ""
	if lib.narrow {
		tag = "{" + name + "}"
	}
	write, read := []string{"MSET"}, []string{"MGET"}
	for i := range many {
		key := fmt.Sprint(tag, name, "m", i)
		write, read = append(write, key, strconv.Itoa(i)), append(read, key)
	}
	must(write...)
	values := list(must(read...))
	if len(values) != many {
		t.Errorf("MGET of %d keys: %d values", many, len(values))
	}
	for i, value := range values {
		if text(value) != strconv.Itoa(i) {
			t.Errorf("MGET of %d keys: the value of the %dth is %v", many, i, value)
			break
		}
	}
	found := make(map[string]bool)
	for cursor := "0"; ; {
		reply, err := lib.anywhere("SCAN", cursor, "MATCH", tag+name+"m*", "COUNT", "1000")
		if err != nil {
			t.Fatalf("SCAN %s: %v", cursor, err)
		}
		page := list(reply)
		for _, key := range list(page[1]) {
			found[text(key)] = true
		}
		if cursor = text(page[0]); cursor == "0" {
			break
		}
	}
	if len(found) != many {
		t.Errorf("SCAN finds %d keys of %d", len(found), many)
	}
}

// text returns a string of a reply, in whichever type a library gives it.
func text(reply any) string {
	if b, ok := reply.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(reply)
}

func list(reply any) []any {
	if l, ok := reply.([]any); ok {
		return l
	}
	return []any{nil, nil}
}

// TestMatrix_GoLibraries tries Go's client libraries against a cluster, plain and
// aware of the cluster, in both protocols.
func TestMatrix_GoLibraries(t *testing.T) {
	f := newFleet(t, 3, unhurried...)
	ways := goLibraries()
	rand.Shuffle(len(ways), func(i, j int) { ways[i], ways[j] = ways[j], ways[i] })
	for i, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			nodes := slices.Clone(f.nodes)
			nodes[0], nodes[i%3] = nodes[i%3], nodes[0] // each begins at another
			exercise(t, way.name, way.open(t, nodes))
		})
	}
}

package coordination

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each file of testdata is a scenario. Lines that are not indented are events, lines
// that are indented are what the machine wants done then. The first line makes the
// machine. "go test -run Scenarios -update" writes the indented lines anew.
//
//	write walk=5 n=3 self=0 need=2
//	start up=1,2,3
//	  store 1
//	  store 2
//
// Nodes are places in the walk. "up=" lists who can be asked, and holds for the events
// behind it. The objects of reads are named by who made them: "a" and "b" are concurrent,
// "a2" replaces "a", "ab" is the merge of both.
func TestScenarios_Golden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, want)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s: got\n%s", file, got)
			}
		})
	}
}

type stepper interface {
	Step(e Event, actions []Action) []Action
}

// play runs a scenario and returns it with what the machine answers.
func play(t *testing.T, scenario []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var machine stepper
	var self int
	var up quorum.Nodes
	for lines := bufio.NewScanner(bytes.NewReader(scenario)); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, " ") {
			continue
		}
		out.WriteString(line + "\n")
		words := strings.Fields(line)
		switch {
		case line == "" || line[0] == '#':
		case machine == nil:
			machine, self = begin(t, words)
		default:
			e := eventOf(t, words, self, &up)
			for _, a := range machine.Step(e, nil) {
				fmt.Fprintf(&out, "  %s\n", a.text())
				if read, ok := machine.(*Read); ok && a.Kind == Finish {
					out.WriteString("  " + resultOf(t, read) + "\n")
				}
			}
			if write, ok := machine.(*Write); ok && write.Missed() != 0 {
				fmt.Fprintf(&out, "  (missed by %s)\n", placesOf(write.Missed()))
			}
		}
	}
	return out.Bytes()
}

func begin(t *testing.T, words []string) (machine stepper, self int) {
	t.Helper()
	numbers := map[string]int{"self": Nobody}
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		n := 1
		if value != "" {
			n = numberOf(t, value)
		}
		numbers[name] = n
	}
	nodes := Replicas{Walk: numbers["walk"], Primaries: numbers["n"], Self: numbers["self"], First: numbers["first"]}
	switch words[0] {
	case "read":
		m := new(Read)
		m.Begin(nodes, []byte("key"), numbers["need"])
		if numbers["parts"] == 1 {
			m.TakeParts()
		}
		return m, nodes.Self
	case "write":
		m := new(Write)
		m.Begin(nodes, numbers["need"])
		m.Also(numbers["others"])
		if numbers["spare"] == 1 {
			m.SpareFallbacks()
		}
		return m, nodes.Self
	case "forward":
		m := new(Forward)
		m.Begin(nodes, Update{Serial: numbers["serial"] == 1, ReadOnly: numbers["readonly"] == 1, Forwarded: numbers["forwarded"] == 1, Final: numbers["final"] == 1, Abstains: numbers["abstains"] == 1})
		return m, nodes.Self
	}
	t.Fatalf("no machine is called %q", words[0])
	return nil, 0
}

func eventOf(t *testing.T, words []string, self int, up *quorum.Nodes) (e Event) {
	t.Helper()
	kinds := map[string]EventKind{"start": Start, "answer": Answer, "fail": Fail, "notrun": NotRun, "refuse": Refuse, "abstain": Abstain, "late": Late, "look": Look, "needall": NeedAll}
	kind, known := kinds[words[0]]
	if !known {
		t.Fatalf("no event is called %q", words[0])
	}
	e.Kind = kind
	if last := words[len(words)-1]; strings.HasPrefix(last, "up=") {
		*up = 0
		for _, place := range strings.Split(last[3:], ",") {
			if place != "" {
				*up = up.With(numberOf(t, place))
			}
		}
		words = words[:len(words)-1]
	}
	e.Up = *up
	if len(words) > 1 {
		e.Place = numberOf(t, words[1])
	}
	if len(words) < 3 {
		return e
	}
	switch words[2] {
	case "absent":
		e.Answer.Found = message.Absent
	case "same":
		e.Answer.Found = message.Same
	case "failed":
		e.Answer.Found = message.Failed
	case "nonsense":
		e.Answer = message.Answer{Found: message.Whole, Object: []byte("nonsense")}
	case "digest":
		e.Answer = message.Answer{Found: message.DigestOnly, Digest: object.SeedOf([]byte("key")).Digest(named(t, words[3]))}
	case "part":
		e.Answer = partOf(named(t, words[3]))
	case "whole":
		e.Answer = message.Answer{Found: message.Whole, Object: named(t, words[3])}
		if e.Place == self {
			e.Answer.Digest = object.SeedOf([]byte("key")).Digest(e.Answer.Object)
		}
	default:
		t.Fatalf("no answer is called %q", words[2])
	}
	return e
}

func numberOf(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func placesOf(nodes quorum.Nodes) string {
	var places []string
	for at := range quorum.MaxNodes {
		if nodes.Has(at) {
			places = append(places, strconv.Itoa(at))
		}
	}
	return strings.Join(places, ",")
}

var actionNames = [...]string{
	ReadOwn: "read own", AskWhole: "ask whole", AskDigest: "ask digest", Store: "store", StoreHint: "store hint",
	Send: "send", Skip: "skip", Coordinate: "coordinate", Finish: "finish", GiveUp: "give up", Unknown: "unknown",
}

func (a Action) text() string {
	switch a.Kind {
	case ReadOwn, Coordinate, Finish, GiveUp, Unknown:
		return actionNames[a.Kind]
	case StoreHint:
		return fmt.Sprintf("%s %d for %d", actionNames[a.Kind], a.Place, a.For)
	}
	return fmt.Sprintf("%s %d", actionNames[a.Kind], a.Place)
}

func resultOf(t *testing.T, m *Read) string {
	t.Helper()
	merged, err := m.Merge(new(object.Object))
	if err != nil {
		t.Fatal(err)
	}
	text := "(absent"
	if merged.Encoded != nil {
		text = "(found"
	}
	for _, name := range []string{"a", "b", "a2", "ab"} {
		if bytes.Equal(named(t, name), merged.Encoded) {
			text += " " + name
		}
	}
	if merged.Object.Rest.Names > 0 {
		text += ", a part"
	}
	if merged.Stale != 0 {
		text += ", stale " + placesOf(merged.Stale)
	}
	return text + ")"
}

// partOf returns the answer of a node that shows a part of its copy. That it has a rest is all that tells
// it from the whole.
func partOf(encoded []byte) message.Answer {
	return message.Answer{
		Found: message.Part, Object: encoded, Digest: object.SeedOf([]byte("key")).Digest(encoded),
		Rest: object.Rest{Kind: object.Member, Names: 200, Bytes: 10000},
	}
}

// named returns the encoded object with a name.
func named(t interface{ Fatalf(string, ...any) }, name string) []byte {
	put := func(o object.Object, node causal.NodeID, counter causal.Counter, value string) object.Object {
		dot := causal.Dot{Actor: causal.Actor{Node: node, Epoch: 1}, Counter: counter}
		return object.Put(o, o.Context(), dot, causal.Timestamp(counter), object.Value{Data: []byte(value)})
	}
	a, b := put(object.Object{}, 1, 1, "a"), put(object.Object{}, 2, 1, "b")
	var o object.Object
	switch name {
	case "a":
		o = a
	case "b":
		o = b
	case "a2":
		o = put(a, 1, 2, "a2")
	case "ab":
		o, _ = object.Merge(a, b)
	default:
		t.Fatalf("no object is called %q", name)
	}
	return o.Append(nil)
}

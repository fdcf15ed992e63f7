package streamcmd_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/keyspace"
	"github.com/quorate/quorate/server/streamcmd"
	"github.com/quorate/quorate/server/stringcmd"
)

// What each command answers is in server/testdata/wire, beside what Redis answers.

func play(t *testing.T, lines ...commandtest.Line) *commandtest.Conn {
	t.Helper()
	c := commandtest.New(t, nil, streamcmd.Rows(), stringcmd.Rows(), keyspace.Rows())
	c.Play(lines)
	return c
}

// events returns how many events the object of a key knows of.
func events(c *commandtest.Conn, key string) (n causal.Counter) {
	for _, e := range c.Store.Objects[key].Clock {
		n += e.Counter
	}
	return n
}

func TestStreams_ChangeOfOneKey_IsOneEvent(t *testing.T) {
	c := play(t)
	for i, line := range []commandtest.Line{
		{"XADD k 1-1 f v", "$3 1-1"},
		{"XADD k 1-2 f v g w", "$3 1-2"},
		{"XADD k 1-3 f v", "$3 1-3"},
		{"XADD k MAXLEN 3 1-4 f v", "$3 1-4"},
		{"XDEL k 1-2 1-3 1-3", ":2"},
		{"XTRIM k MAXLEN 0", ":1"},
		{"XSETID k 9-9", "+OK"},
	} {
		c.Play([]commandtest.Line{line})
		if n := events(c, "k"); n != causal.Counter(i+1) {
			t.Errorf("%s: %d events, want %d", line[0], n, i+1)
		}
	}
}

func TestStreams_NoChange_WritesNothing(t *testing.T) {
	c := play(t, []commandtest.Line{{"XADD k 1-1 f v", "$3 1-1"}}...)
	before := events(c, "k")
	c.Play([]commandtest.Line{
		{"XDEL k 1-2", ":0"}, {"XTRIM k MAXLEN 1", ":0"}, {"XTRIM k MINID 1-1", ":0"},
		{"XADD nosuch NOMKSTREAM * f v", "$-1"}, {"XDEL nosuch 1-1", ":0"}, {"XTRIM nosuch MAXLEN 0", ":0"},
		{"XADD k 1-1 f v", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"},
	})
	if after := events(c, "k"); after != before {
		t.Errorf("%d events, want %d", after, before)
	}
	if _, exists := c.Store.Objects["nosuch"]; exists {
		t.Error("a command that found no stream has made one")
	}
}

// A stream whose entries are gone is a stream, and gives no id again; one that was deleted, or has
// expired, is none, and begins anew.
func TestStreams_WithoutEntries_KnowTheirLastID(t *testing.T) {
	c := play(t, []commandtest.Line{
		{"XADD k 5-5 f v", "$3 5-5"}, {"XDEL k 5-5", ":1"}, {"EXISTS k", ":1"}, {"TYPE k", "+stream"}, {"XLEN k", ":0"},
		{"XADD k 5-5 f v", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"},
		{"COPY k copy", ":1"}, {"RENAME copy moved", "+OK"}, {"OBJECT ENCODING moved", "$6 stream"},
		{"XADD moved 5-5 f v", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"},
		{"XADD moved 5-6 f v", "$3 5-6"},
		{"DEL k", ":1"}, {"XADD k 1-1 f v", "$3 1-1"}, {"EXPIRE k 10", ":1"}, {"XADD k 1-2 f v", "$3 1-2"}, {"TTL k", ":10"},
	}...)
	c.Pass(10 * time.Second)
	c.Play([]commandtest.Line{{"XLEN k", ":0"}, {"TYPE k", "+none"}, {"XADD k 1-1 f v", "$3 1-1"}, {"TTL k", ":-1"}})
}

// DUMP and RESTORE carry over the entries, and what is known of those that are gone.
func TestStreams_DumpAndRestore_KeepAll(t *testing.T) {
	c := play(t, []commandtest.Line{
		{"XADD k 1-1 f v", "$3 1-1"}, {"XADD k 2-0 g w", "$3 2-0"}, {"XADD k 3-0 g w", "$3 3-0"}, {"XDEL k 3-0", ":1"},
	}...)
	_, payload, _ := strings.Cut(c.Do("DUMP k"), " ")
	if got := c.DoArgs("RESTORE", "again", "0", payload); got != "+OK" {
		t.Fatal(got)
	}
	for _, line := range []string{"XRANGE %s - +", "XINFO STREAM %s", "TYPE %s"} {
		if got, want := c.Do(fmt.Sprintf(line, "again")), c.Do(fmt.Sprintf(line, "k")); got != want || !strings.Contains(got, "g") && line[0] == 'X' {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	c.Play([]commandtest.Line{{"XADD again 3-0 f v", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"}})
}

// Two nodes have added to a stream, and removed from it, without knowing of one another.
func TestStreams_ConcurrentChanges_Merge(t *testing.T) {
	c := play(t, []commandtest.Line{{"XADD k 1-1 n 1", "$3 1-1"}, {"XADD k 1-2 n 2", "$3 1-2"}}...)
	other := c.Store.Objects["k"]
	c.Play([]commandtest.Line{{"XADD k 5-1 n here", "$3 5-1"}, {"XDEL k 1-2", ":1"}})
	elsewhere := collection.Command{Op: collection.StreamAdd, Seed: 6, Number: 4, Args: [][]byte{
		collection.NewID{}.Append(nil), collection.AppendFields(nil, [][]byte{[]byte("n"), []byte("there")}), collection.Trim{Longest: 2}.Append(nil),
	}}
	out := elsewhere.Apply(collection.ViewOf(&other, object.Entry, commandtest.Start))
	var theirs object.Object
	theirs.BecomeEdited(other, &object.Edit{
		Changes: out.Changes, Seen: other.Context(), Time: causal.TimestampOf(commandtest.Start + 1),
		Dot: causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1},
	})
	c.Store.Objects["k"], _ = object.Merge(c.Store.Objects["k"], theirs)
	c.Play([]commandtest.Line{
		{"XRANGE k - +", "*2 *2 $3 4-7 *2 $1 n $5 there *2 $3 5-1 *2 $1 n $4 here"},
		{"XREAD STREAMS k 1-2", "*1 *2 $1 k *2 *2 $3 4-7 *2 $1 n $5 there *2 $3 5-1 *2 $1 n $4 here"},
		{"XADD k 5-1 n 3", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"},
	})
}

// What would not fit into a reply is refused, by each command that shows entries.
func TestStreams_MoreThanAReplyMayHave_IsRefused(t *testing.T) {
	c := play(t)
	value := strings.Repeat("x", int(c.Client.Node.Limits.Output.Load()/2))
	for i := range 3 {
		c.DoArgs("XADD", "k", fmt.Sprint(i+1), "f", value)
	}
	for _, line := range []string{"XRANGE k - +", "XREVRANGE k + -", "XREAD STREAMS k 0", "XINFO STREAM k", "XINFO STREAM k FULL"} {
		if got := c.Do(line); got != "-ERR the reply would be larger than this node may buffer for one client" {
			t.Errorf("%s: %.100s", line, got)
		}
	}
	for _, line := range []string{"XRANGE k - + COUNT 1", "XREVRANGE k + - COUNT 1", "XREAD COUNT 1 STREAMS k 1"} {
		if got := c.Do(line); !strings.HasPrefix(got, "*1 *2 $") {
			t.Errorf("%s: %.100s", line, got)
		}
	}
}

// XREAD reads many streams at once, each from an id of its own.
func TestXRead_ManyStreams(t *testing.T) {
	const streams = 500
	c := play(t)
	words := []string{"XREAD", "COUNT", "1", "STREAMS"}
	for i := range streams {
		c.DoArgs("XADD", fmt.Sprint("k", i), "1-1", "n", fmt.Sprint(i))
		words = append(words, fmt.Sprint("k", i))
	}
	for range streams {
		words = append(words, "0")
	}
	if got := c.DoArgs(words...); !strings.HasPrefix(got, fmt.Sprintf("*%d *2 $2 k0 ", streams)) || strings.Count(got, "$3 1-1") != streams {
		t.Errorf("%.100s …", got)
	}
}

// Whatever words a client sends, a command is planned or refused, and what is planned can be carried
// out.
func FuzzStreams(f *testing.F) {
	for _, seed := range []string{
		"XADD k MAXLEN ~ 10 LIMIT 5 1-* f v", "XADD k NOMKSTREAM MINID = 5-1 * f v", "XADD k 18446744073709551615-18446744073709551615 f v",
		"XTRIM k MINID 5 LIMIT 1", "XRANGE k (5-1 + COUNT 1", "XREVRANGE k + (18446744073709551615", "XREAD COUNT 2 STREAMS k l 0 $", "XREAD BLOCK 5 STREAMS",
		"XSETID k 5-1 ENTRIESADDED 5 MAXDELETEDID 3", "XDEL k 1 2 3-4", "XINFO STREAM k FULL COUNT -1", "XINFO CONSUMERS k g",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if words := strings.Fields(line); len(words) == 0 || !strings.HasPrefix(strings.ToUpper(words[0]), "X") {
			return
		}
		c := commandtest.New(t, nil, streamcmd.Rows(), stringcmd.Rows())
		got := c.Do(line)
		if got == "" || strings.Contains(got, "could not read the update") || strings.Contains(got, "corrupt") {
			t.Errorf("%q: %s", line, got)
		}
	})
}

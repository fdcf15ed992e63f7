package listcmd_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/keyspace"
	"github.com/quorate/quorate/server/listcmd"
	"github.com/quorate/quorate/server/stringcmd"
)

// What each command answers is in server/testdata/wire, beside what Redis answers.

func play(t *testing.T, lines ...commandtest.Line) *commandtest.Conn {
	t.Helper()
	c := commandtest.New(t, nil, listcmd.Rows(), stringcmd.Rows(), keyspace.Rows())
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

func TestLists_ChangeOfOneKey_IsOneEvent(t *testing.T) {
	c := play(t)
	for i, line := range []commandtest.Line{
		{"RPUSH k a b c d", ":4"},
		{"LPUSH k x y", ":6"},
		{"LINSERT k AFTER a b", ":7"},
		{"LSET k 0 z", "+OK"},
		{"LREM k 0 b", ":2"},
		{"LMOVE k k LEFT RIGHT", "$1 z"},
		{"RPOPLPUSH k k", "$1 z"},
		{"LPOP k 2", "*2 $1 z $1 x"},
		{"LTRIM k 1 1", "+OK"},
		{"RPOP k", "$1 c"},
	} {
		c.Play([]commandtest.Line{line})
		if n := events(c, "k"); n != causal.Counter(i+1) {
			t.Errorf("%s: %d events, want %d", line[0], n, i+1)
		}
	}
}

func TestLists_NoChange_WritesNothing(t *testing.T) {
	c := play(t, []commandtest.Line{{"RPUSH k a b", ":2"}}...)
	before := events(c, "k")
	c.Play([]commandtest.Line{
		{"RPUSH one x", ":1"}, {"LMOVE one one LEFT RIGHT", "$1 x"},
		{"LPOP k 0", "*0"}, {"LREM k 0 x", ":0"}, {"LTRIM k 0 -1", "+OK"}, {"LINSERT k AFTER x y", ":-1"}, {"LMOVE k k LEFT LEFT", "$1 a"},
		{"LSET k 2 x", "-ERR index out of range"}, {"LPUSHX nosuch x", ":0"}, {"LPOP nosuch", "$-1"}, {"LMPOP 1 nosuch LEFT", "*-1"},
	})
	if after := events(c, "k"); after != before {
		t.Errorf("%d events, want %d", after, before)
	}
	if n := events(c, "one"); n != 1 {
		t.Errorf("the only item was moved to where it is: %d events, want 1", n)
	}
	if _, exists := c.Store.Objects["nosuch"]; exists {
		t.Error("a command that found no list has made one")
	}
}

func TestLists_Expiry(t *testing.T) {
	c := play(t, []commandtest.Line{{"RPUSH k a b", ":2"}, {"EXPIRE k 10", ":1"}, {"RPUSH k c", ":3"}, {"LSET k 0 z", "+OK"}, {"TTL k", ":10"}}...)
	c.Pass(10 * time.Second)
	c.Play([]commandtest.Line{{"LLEN k", ":0"}, {"TYPE k", "+none"}, {"LPUSHX k x", ":0"}, {"RPUSH k d", ":1"}, {"LRANGE k 0 -1", "*1 $1 d"}, {"TTL k", ":-1"}})
}

func TestPop_MoreThanAReplyMayHave_RemovesNothing(t *testing.T) {
	c := play(t)
	item := strings.Repeat("x", int(c.Client.Node.Limits.Output.Load()/2))
	c.DoArgs("RPUSH", "k", item, item, item)
	for _, line := range []string{"LPOP k 3", "RPOP k 3", "LMPOP 1 k LEFT COUNT 3"} {
		if got := c.Do(line); got != "-ERR the reply would be larger than this node may buffer for one client" {
			t.Errorf("%s: %.100s", line, got)
		}
	}
	c.Play([]commandtest.Line{{"LLEN k", ":3"}})
	if got := c.Do("LPOP k 2"); !strings.HasPrefix(got, "*2 $") {
		t.Errorf("%.100s", got)
	}
}

// What is at the ends of a list is read without the other items.
func TestLists_ReadsOfTheEnds_SelectThem(t *testing.T) {
	c := play(t, []commandtest.Line{{"RPUSH k a b c d e f", ":6"}}...)
	for _, read := range []struct {
		line, want  string
		first, last int
		head        bool
	}{
		{"LRANGE k 0 1", "*2 $1 a $1 b", 2, 0, false},
		{"LRANGE k -2 -1", "*2 $1 e $1 f", 0, 2, false},
		{"LRANGE k 1 -2", "*4 $1 b $1 c $1 d $1 e", 0, 0, false},
		{"LRANGE k -2 1", "*0", 0, 0, false},
		{"LINDEX k 1", "$1 b", 2, 0, false},
		{"LINDEX k -1", "$1 f", 0, 1, false},
		{"LINDEX k 100", "$-1", 101, 0, false},
		{"LLEN k", ":6", 0, 0, true},
		{"LMOVE k other RIGHT LEFT", "$1 f", 0, 1, false},
	} {
		var of []*replica.Request
		c.Store.Fail = func(r *replica.Request) error {
			if r.Update == nil {
				of = append(of, &replica.Request{Selection: r.Selection, Head: r.Head})
			}
			return nil
		}
		if got := c.Do(read.line); got != read.want || len(of) != 1 {
			t.Fatalf("%s: %s, and %d reads; want %s, and one", read.line, got, len(of), read.want)
		}
		if e := of[0].Selection.Ends; e.First != read.first || e.Last != read.last || of[0].Head != read.head {
			t.Errorf("%s selects %+v", read.line, of[0])
		}
	}
}

// Two nodes have pushed to a list without knowing of one another.
func TestLists_ConcurrentPushes_AllStay(t *testing.T) {
	base := play(t, []commandtest.Line{{"RPUSH k a", ":1"}}...)
	other := base.Store.Objects["k"]
	base.Play([]commandtest.Line{{"RPUSH k b c", ":3"}})
	elsewhere := collection.Command{Op: collection.ListPush, Flags: collection.AtTail, Seed: 7, Args: [][]byte{[]byte("d"), []byte("e")}}
	out := elsewhere.Apply(collection.ViewOf(&other, object.Item, commandtest.Start))
	var theirs object.Object
	theirs.BecomeEdited(other, &object.Edit{
		Changes: out.Changes, Seen: other.Context(), Time: causal.TimestampOf(commandtest.Start + 1),
		Dot: causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1},
	})
	base.Store.Objects["k"], _ = object.Merge(base.Store.Objects["k"], theirs)
	switch got := base.Do("LRANGE k 0 -1"); got {
	case "*5 $1 a $1 b $1 c $1 d $1 e", "*5 $1 a $1 d $1 e $1 b $1 c":
	default:
		t.Error(got)
	}
	base.Play([]commandtest.Line{{"LLEN k", ":5"}, {"RPUSH k f", ":6"}, {"LINDEX k -1", "$1 f"}})
}

// intercept calls a function before each request that is not its own: it may use other
// connections, and an error fails the request.
func intercept(c *commandtest.Conn, of func(r *replica.Request, op collection.Op) error) {
	busy := false
	c.Store.Fail = func(r *replica.Request) error {
		if busy {
			return nil
		}
		busy = true
		defer func() { busy = false }()
		var op collection.Op
		if r.Update != nil && r.Update.Kind == register.ChangeElements {
			what, err := collection.Decode(r.Update.Data)
			if err != nil {
				return err
			}
			op = what.Op
		}
		return of(r, op)
	}
}

// elsewhere is another connection to the same store.
func elsewhere(t *testing.T, c *commandtest.Conn) *commandtest.Conn {
	other := commandtest.New(t, nil, listcmd.Rows())
	other.Store, other.Client.Node.Store = c.Store, c.Store
	return other
}

func TestMove_FailureBetweenTheSteps_LeavesTheItemTwice(t *testing.T) {
	c := play(t, []commandtest.Line{{"RPUSH from a b", ":2"}}...)
	intercept(c, func(_ *replica.Request, op collection.Op) error {
		if op == collection.ListTake {
			return errors.New("no such luck")
		}
		return nil
	})
	c.Play([]commandtest.Line{
		{"LMOVE from to LEFT RIGHT", "-ERR no such luck"},
		{"LRANGE from 0 -1", "*2 $1 a $1 b"}, {"LRANGE to 0 -1", "*1 $1 a"},
	})
	intercept(c, func(r *replica.Request, _ collection.Op) error {
		if string(r.Key) == "to" {
			return errors.New("out of reach")
		}
		return nil
	})
	c.Play([]commandtest.Line{{"RPOPLPUSH from to", "-ERR out of reach"}, {"LRANGE from 0 -1", "*2 $1 a $1 b"}})
}

// Another client takes the item that was read: the next one is moved, and the first one is not
// in the destination.
func TestMove_ItemTakenMeanwhile_MovesTheNext(t *testing.T) {
	c := play(t, []commandtest.Line{{"RPUSH from a b c", ":3"}, {"RPUSH to x", ":1"}}...)
	other := elsewhere(t, c)
	raced := false
	intercept(c, func(_ *replica.Request, op collection.Op) error {
		if op == collection.ListTake && !raced {
			raced = true
			other.Play([]commandtest.Line{{"LPOP from", "$1 a"}})
		}
		return nil
	})
	c.Play([]commandtest.Line{
		{"LMOVE from to LEFT RIGHT", "$1 b"},
		{"LRANGE from 0 -1", "*1 $1 c"}, {"LRANGE to 0 -1", "*2 $1 x $1 b"},
	})
}

func TestMove_AllItemsTaken_GivesUp(t *testing.T) {
	c := play(t)
	other := elsewhere(t, c)
	for i := range 100 {
		c.Play([]commandtest.Line{{fmt.Sprintf("RPUSH from i%d", i), fmt.Sprintf(":%d", i+1)}})
	}
	pops := 0
	intercept(c, func(_ *replica.Request, op collection.Op) error {
		if op == collection.ListTake {
			other.Do("LPOP from")
			pops++
		}
		return nil
	})
	if got := c.Do("LMOVE from to LEFT RIGHT"); !strings.HasPrefix(got, "-TRYAGAIN ") {
		t.Error(got)
	}
	c.Play([]commandtest.Line{{"LLEN from", fmt.Sprintf(":%d", 100-pops)}, {"LLEN to", ":0"}})
	if pops != 64 {
		t.Errorf("%d attempts, want 64", pops)
	}
}

// An item that is changed while it is moved is moved as it is now.
func TestMove_ItemChangedMeanwhile_MovesTheNewOne(t *testing.T) {
	c := play(t, []commandtest.Line{{"RPUSH from a", ":1"}}...)
	other := elsewhere(t, c)
	raced := false
	intercept(c, func(_ *replica.Request, op collection.Op) error {
		if op == collection.ListTake && !raced {
			raced = true
			other.Play([]commandtest.Line{{"LSET from 0 z", "+OK"}})
		}
		return nil
	})
	c.Play([]commandtest.Line{{"LMOVE from to LEFT RIGHT", "$1 z"}, {"EXISTS from", ":0"}, {"LRANGE to 0 -1", "*1 $1 z"}})
}

func TestStoreError_IsTheAnswer(t *testing.T) {
	c := play(t)
	c.Store.Fail = func(r *replica.Request) error {
		if string(r.Key) == "bad" {
			return errors.New("no such luck")
		}
		return nil
	}
	lines := []string{
		"LPUSH bad x", "RPUSH bad x", "LPUSHX bad x", "RPUSHX bad x", "LPOP bad", "RPOP bad", "LPOP bad 2", "LLEN bad", "LRANGE bad 0 -1",
		"LINDEX bad 0", "LSET bad 0 x", "LSET bad x x", "LINSERT bad AFTER a b", "LREM bad 0 x", "LTRIM bad 0 1", "LPOS bad x", "LMOVE bad good LEFT LEFT",
		"LMOVE bad bad LEFT RIGHT", "RPOPLPUSH bad good", "LMPOP 2 good bad LEFT",
	}
	for _, line := range lines {
		if got := c.Do(line); got != "-ERR no such luck" {
			t.Errorf("%s: %s", line, got)
		}
	}
	for _, r := range listcmd.Rows() {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, strings.ToUpper(r.Name)+" ") }) {
			t.Errorf("%s is not tried", r.Name)
		}
	}
}

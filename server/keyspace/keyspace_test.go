package keyspace_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/hashcmd"
	"github.com/quorate/quorate/server/keyspace"
	"github.com/quorate/quorate/server/setcmd"
	"github.com/quorate/quorate/server/stringcmd"
	"github.com/quorate/quorate/server/zsetcmd"
)

func newConn(t *testing.T) *commandtest.Conn {
	t.Helper()
	return commandtest.New(t, nil, keyspace.Rows(), stringcmd.Rows())
}

func play(t *testing.T, lines ...commandtest.Line) *commandtest.Conn {
	t.Helper()
	c := newConn(t)
	c.Play(lines)
	return c
}

func TestKeys_AreCountedDeletedAndDescribed(t *testing.T) {
	play(t, []commandtest.Line{
		{"MSET a 1 b long", "+OK"},
		{"EXISTS a b nosuch a", ":3"},
		{"TYPE a", "+string"},
		{"TYPE nosuch", "+none"},
		{"OBJECT ENCODING a", "$3 int"},
		{"OBJECT ENCODING b", "$6 embstr"},
		{"OBJECT ENCODING nosuch", "$-1"},
		{"OBJECT REFCOUNT a", ":2147483647"},
		{"OBJECT REFCOUNT b", ":1"},
		{"DBSIZE", ":2"},
		{"RANDOMKEY", "$1 a"},
		{"DEL a nosuch", ":1"},
		{"UNLINK b", ":1"},
		{"DBSIZE", ":0"},
		{"RANDOMKEY", "$-1"},
		{"SET a 1", "+OK"},
		{"FLUSHALL", "+OK"},
		{"EXISTS a", ":0"},
	}...)
}

func TestObject_Idletime_IsTheTimeSinceTheWrite(t *testing.T) {
	c := play(t, commandtest.Line{"SET k v", "+OK"})
	c.Pass(90 * time.Second)
	c.Play([]commandtest.Line{{"GET k", "$1 v"}, {"OBJECT IDLETIME k", ":90"}, {"OBJECT IDLETIME nosuch", "$-1"}})
}

func TestExpire_Conditions_CompareWithTheOldEnd(t *testing.T) {
	play(t, []commandtest.Line{
		{"EXPIRE nosuch 10", ":0"},
		{"SET k v", "+OK"},
		{"TTL k", ":-1"},
		{"TTL nosuch", ":-2"},
		{"EXPIRE k 10 XX", ":0"},
		{"EXPIRE k 10 GT", ":0"}, // without an end it lives longer than any
		{"EXPIRE k 10 LT", ":1"},
		{"EXPIRE k 20 NX", ":0"},
		{"EXPIRE k 5 GT", ":0"},
		{"EXPIRE k 20 GT", ":1"},
		{"EXPIRE k 30 LT", ":0"},
		{"TTL k", ":20"},
		{"PTTL k", ":20000"},
		{"EXPIRETIME k", fmt.Sprintf(":%d", commandtest.Start/1000+20)},
		{"PEXPIRETIME k", fmt.Sprintf(":%d", commandtest.Start+20_000)},
		{"PEXPIRE k 1500", ":1"},
		{"TTL k", ":2"}, // rounded as Redis does
		{"PERSIST k", ":1"},
		{"PERSIST k", ":0"},
		{"EXPIRE k 10 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
		{"EXPIRE k 10 GT LT", "-ERR GT and LT options at the same time are not compatible"},
		{"EXPIRE k 10 SOON", "-ERR Unsupported option SOON"},
		{"EXPIRE k x", "-ERR value is not an integer or out of range"},
		{"EXPIRE k -1", ":1"}, // in the past: the key ends now
		{"EXISTS k", ":0"},
	}...)
}

func TestExpire_End_IsTheEndOfTheKey(t *testing.T) {
	c := play(t, []commandtest.Line{{"SET k v", "+OK"}, {"PEXPIRE k 1000", ":1"}}...)
	c.Pass(999 * time.Millisecond)
	c.Play([]commandtest.Line{{"EXISTS k", ":1"}, {"PTTL k", ":1"}})
	c.Pass(time.Millisecond)
	c.Play([]commandtest.Line{{"EXISTS k", ":0"}, {"TTL k", ":-2"}, {"DBSIZE", ":0"}})
}

func TestScan_Pages_HoldEveryKeyOnce(t *testing.T) {
	c := newConn(t)
	var want []string
	for i := range 25 {
		key := fmt.Sprintf("key:%02d", i)
		want = append(want, key)
		c.Do("SET " + key + " v")
	}
	var got []string
	cursor := "0"
	for range 10 {
		words := strings.Fields(c.Do("SCAN " + cursor))
		for i := 5; i < len(words); i += 2 { // *2 $n cursor *n $6 key …
			got = append(got, words[i])
		}
		if cursor = words[2]; cursor == "0" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q", got)
	}
	c.Play([]commandtest.Line{
		{"SCAN 0 MATCH key:1? COUNT 3", "*2 $1 3 *0"},
		{"SCAN 0 MATCH key:0[12] COUNT 100", "*2 $1 0 *2 $6 key:01 $6 key:02"},
		{"SCAN 0 TYPE hash COUNT 100", "*2 $1 0 *0"},
		{"SCAN 0 COUNT 0", "-ERR syntax error"},
		{"SCAN 0 MATCH", "-ERR syntax error"},
		{"SCAN x", "-ERR invalid cursor"},
		{"KEYS key:2*", "*5 $6 key:20 $6 key:21 $6 key:22 $6 key:23 $6 key:24"},
	})
}

func TestKeys_AnswerLargerThanTheLimit_IsRefused(t *testing.T) {
	c := newConn(t)
	c.Client.Node.Limits.Output.Store(60)
	c.Do("MSET first 1 second 2")
	if got := c.Do("KEYS *"); got != "*2 $5 first $6 second" {
		t.Errorf("59 bytes of 60: %s", got)
	}
	c.Do("SET x 1")
	if got := c.Do("KEYS *"); got != "-"+command.TextReplyTooBig+"; use SCAN" {
		t.Errorf("84 bytes of 60: %s", got)
	}
}

func TestRename_KeepsTheEndAndTheValue(t *testing.T) {
	play(t, []commandtest.Line{
		{"RENAME nosuch b", "-ERR no such key"},
		{"SET a 1 EX 100", "+OK"},
		{"SET b 2", "+OK"},
		{"RENAMENX a b", ":0"},
		{"GET a", "$1 1"},
		{"RENAME a b", "+OK"},
		{"GET b", "$1 1"},
		{"TTL b", ":100"},
		{"EXISTS a", ":0"},
		{"RENAME b b", "+OK"},
		{"RENAMENX b c", ":1"},
		{"COPY c d", ":1"},
		{"COPY c d", ":0"},
		{"TTL d", ":100"},
		{"SET d 9", "+OK"},
		{"COPY c d REPLACE", ":1"},
		{"GET d", "$1 1"},
		{"COPY c c", "-ERR source and destination objects are the same"},
		{"COPY nosuch d", ":0"},
		{"COPY c d SOMEWHERE", "-ERR syntax error"},
	}...)
}

// The new key is written before the old one is deleted, so that a failure between the
// two leaves both.
func TestRename_DeletionFails_LeavesBoth(t *testing.T) {
	c := play(t, commandtest.Line{"SET a 1", "+OK"})
	c.Store.Fail = func(r *replica.Request) error {
		if r.Update != nil && r.Update.Kind == register.Delete {
			return errors.New("no such luck")
		}
		return nil
	}
	c.Play([]commandtest.Line{{"RENAME a b", "-ERR no such luck"}, {"MGET a b", "*2 $1 1 $1 1"}})
}

// A value that another client writes to the old key meanwhile stays.
func TestRename_WriteInBetween_IsKept(t *testing.T) {
	c := play(t, commandtest.Line{"SET a 1", "+OK"})
	c.Store.Fail = func(r *replica.Request) error {
		if string(r.Key) == "b" { // the moment between the steps
			c.Store.Fail = nil
			other := &replica.Request{Key: []byte("a"), Update: &register.Update{Kind: register.Set, Data: []byte("late")}}
			c.Store.Do(context.Background(), []*replica.Request{other})
		}
		return nil
	}
	c.Play([]commandtest.Line{{"RENAME a b", "+OK"}, {"MGET a b", "*2 $4 late $1 1"}})
}

func TestDelete_WithContext_DeletesWhatWasReadOnly(t *testing.T) {
	c := play(t, commandtest.Line{"SET k one", "+OK"})
	token := strings.Fields(c.Do("GET k CONTEXT"))[2]
	c.Play([]commandtest.Line{{"SET k two", "+OK"}})
	if got := c.Do("DEL k CONTEXT " + token); strings.HasPrefix(got, "-") {
		t.Errorf("a deletion with a context answers %s", got)
	}
	c.Play([]commandtest.Line{
		{"GET k CONTEXT", c.Do("GET k CONTEXT")},
		{"EXISTS k", ":1"},
		{"DEL other CONTEXT " + token, "-BADCONTEXT context is mangled or of another key: bad context; nothing was changed; read the key with GET key CONTEXT and use the context of that reply"},
		{"DEL k CONTEXT " + token + " W 4", "-ERR W must be between 1 and N, which is 3"},
	})
}

func TestDelete_ContextOutOfPlace_DeletesNothing(t *testing.T) {
	c := play(t, commandtest.Line{"MSET a 1 b 2 context 3", "+OK"})
	token := strings.Fields(c.Do("GET a CONTEXT"))[2]
	const refused = "-ERR syntax error: CONTEXT takes one key and one context; a key of that name has to be the first, or use UNLINK"
	for _, line := range []string{
		"DEL a CONTEXT", "DEL a b context", "DEL a b CONTEXT " + token, "DEL a b CONTEXT " + token + " W 2", "DEL a CONTEXT " + token + " W",
		"DEL a b" + strings.Repeat(" x", 2000) + " CONTEXT " + token,
	} {
		if got := c.Do(line); got != refused {
			t.Errorf("%.40s: %s", line, got)
		}
	}
	c.Play([]commandtest.Line{
		{"EXISTS a b context", ":3"},
		{"DEL context", ":1"},
		{"SET context 4", "+OK"},
		{"UNLINK a context", ":2"},
	})
}

func TestManyKeys_AreHandledInPieces(t *testing.T) {
	c := newConn(t)
	words := []string{"MSET"}
	names := []string{"EXISTS"}
	for i := range command.BatchMax + 5 {
		key := fmt.Sprint("k", i)
		words, names = append(words, key, "v"), append(names, key)
	}
	if got := c.DoArgs(words...); got != "+OK" {
		t.Fatal(got)
	}
	want := fmt.Sprint(":", command.BatchMax+5)
	if got := c.DoArgs(names...); got != want {
		t.Errorf("EXISTS: %s, want %s", got, want)
	}
	names[0] = "DEL"
	if got := c.DoArgs(names...); got != want {
		t.Errorf("DEL: %s, want %s", got, want)
	}
	c.Play([]commandtest.Line{{"DBSIZE", ":0"}})
}

// What is asked of a large collection as a whole needs no element of it. Where the encoding depends on
// the elements they are read.
func TestLargeCollection_IsDescribedByItsHead(t *testing.T) {
	c := commandtest.New(t, nil, keyspace.Rows(), hashcmd.Rows(), setcmd.Rows(), zsetcmd.Rows())
	fill := func(command string, n int, words func(i int) string) {
		for i := range n {
			command += " " + words(i)
		}
		c.Do(command)
	}
	fill("HSET hash", 129, func(i int) string { return fmt.Sprintf("f%d %d", i, i) })
	fill("HSET packed", 128, func(i int) string { return fmt.Sprintf("f%d %d", i, i) })
	fill("SADD set", 129, func(i int) string { return fmt.Sprint("m", i) })
	fill("SADD numbers", 512, func(i int) string { return fmt.Sprint(i) })
	fill("SADD more", 513, func(i int) string { return fmt.Sprint(i) })
	fill("ZADD sorted", 129, func(i int) string { return fmt.Sprintf("%d m%d", i, i) })
	whole := 0
	c.Store.Fail = func(r *replica.Request) error {
		if r.Update == nil && !r.Head {
			whole++
		}
		return nil
	}
	const wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
	c.Play([]commandtest.Line{
		{"HLEN hash", ":129"}, {"SCARD set", ":129"}, {"ZCARD sorted", ":129"},
		{"HLEN set", wrongType}, {"SCARD sorted", wrongType}, {"ZCARD hash", wrongType}, {"HLEN nosuch", ":0"},
		{"TYPE hash", "+hash"}, {"TYPE set", "+set"}, {"TYPE sorted", "+zset"},
		{"EXISTS hash set sorted nosuch hash", ":4"},
		{"OBJECT ENCODING hash", "$9 hashtable"}, {"OBJECT ENCODING more", "$9 hashtable"}, {"OBJECT ENCODING sorted", "$8 skiplist"},
		{"OBJECT IDLETIME hash", ":0"}, {"OBJECT REFCOUNT hash", ":1"},
		{"PEXPIRE hash 5000", ":1"}, {"TTL hash", ":5"}, {"PTTL hash", ":5000"}, {"TTL set", ":-1"},
	})
	if whole > 0 {
		t.Errorf("%d reads of a whole collection", whole)
	}
	c.Play([]commandtest.Line{
		{"OBJECT ENCODING packed", "$8 listpack"}, {"OBJECT ENCODING set", "$9 hashtable"}, {"OBJECT ENCODING numbers", "$6 intset"},
	})
	c.Pass(5 * time.Second)
	c.Play([]commandtest.Line{{"HLEN hash", ":0"}, {"TTL hash", ":-2"}, {"TYPE hash", "+none"}, {"EXISTS hash", ":0"}, {"OBJECT ENCODING hash", "$-1"}, {"SCARD hash", ":0"}})
}

func TestStoreError_IsTheAnswer(t *testing.T) {
	c := newConn(t)
	c.Store.Fail = func(r *replica.Request) error { return errors.New("no such luck") }
	for _, line := range []string{"EXISTS k", "TYPE k", "DEL k", "TTL k", "EXPIRE k 1", "PERSIST k", "OBJECT ENCODING k", "OBJECT IDLETIME k", "OBJECT REFCOUNT k", "RENAME k l", "COPY k l"} {
		if got := c.Do(line); got != "-ERR no such luck" {
			t.Errorf("%s: %s", line, got)
		}
	}
}

// Siblings are written by clients that had seen nothing of the key.
func TestSiblings_AreKeptByCommandsThatDoNotMerge(t *testing.T) {
	c := play(t, []commandtest.Line{
		{"EXPIRE k 100", ":0"},
		{"SET k one CONTEXT", "-ERR syntax error"},
	}...)
	for _, value := range []string{"one", "two"} {
		c.DoArgs("SET", "k", value, "CONTEXT", "")
	}
	values := func(key string) string {
		reply := c.Do("GET " + key + " CONTEXT")
		return reply[strings.Index(reply, " *")+1:]
	}
	want := "*2 $3 one $3 two"
	for _, line := range []commandtest.Line{
		{"EXPIRE k 100", ":1"},
		{"TTL k", ":100"},
		{"PERSIST k", ":1"},
		{"GETEX k EX 200", "$3 two"},
		{"PERSIST k", ":1"},
		{"RENAME k l", "+OK"},
		{"COPY l k", ":1"},
		{"RENAMENX l m", ":1"},
		{"RENAME m k", "+OK"},
	} {
		c.Play([]commandtest.Line{line})
		key := "k"
		if line[0] == "RENAME k l" || line[0] == "COPY l k" {
			key = "l"
		}
		if got := values(key); got != want {
			t.Errorf("after %s the values are %s, want %s", line[0], got, want)
		}
	}
	c.Play([]commandtest.Line{{"GET k", "$3 two"}, {"EXISTS l m", ":0"}, {"DEL k", ":1"}})
	if got := values("k"); got != "*0" {
		t.Errorf("after DEL the values are %s", got)
	}
}

// A key whose newest sibling is a deletion does not exist, for every command that does
// not ask for the context.
func TestDeletedSibling_IsNewest_KeyDoesNotExist(t *testing.T) {
	c := newConn(t)
	c.Do("SET k old")
	token := strings.Fields(c.Do("GET k CONTEXT"))[2]
	c.Do("SET k new CONTEXT " + token)
	hidden := c.Store.Objects["k"]
	c.Do("DEL k")
	deleted := c.Store.Objects["k"]
	deleted.Clock = deleted.Clock.Clone()
	deleted.Siblings = append(hidden.Clone().Siblings, deleted.Siblings...)
	c.Store.Objects["k"] = deleted
	for _, line := range []commandtest.Line{
		{"GET k", "$-1"}, {"EXISTS k", ":0"}, {"TTL k", ":-2"}, {"TYPE k", "+none"}, {"STRLEN k", ":0"}, {"KEYS *", "*0"},
		{"SCAN 0", "*2 $1 0 *0"}, {"DBSIZE", ":0"}, {"RANDOMKEY", "$-1"}, {"EXPIRE k 10", ":0"}, {"PERSIST k", ":0"},
		{"RENAME k l", "-ERR no such key"}, {"COPY k l", ":0"}, {"GETDEL k", "$-1"}, {"SET k v XX", "$-1"}, {"TOUCH k", ":0"},
	} {
		c.Play([]commandtest.Line{line})
	}
	if got := c.Do("GET k CONTEXT"); !strings.HasSuffix(got, "*1 $3 new") {
		t.Errorf("with the context: %s, want the value that is hidden", got)
	}
	c.Play([]commandtest.Line{{"SETNX k v", ":1"}, {"GET k", "$1 v"}})
}

package keyspace_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/hashcmd"
	"github.com/quorate/quorate/server/keyspace"
	"github.com/quorate/quorate/server/listcmd"
	"github.com/quorate/quorate/server/setcmd"
	"github.com/quorate/quorate/server/stringcmd"
	"github.com/quorate/quorate/server/zsetcmd"
)

// dumper is a connection with the commands of all types.
type dumper struct{ *commandtest.Conn }

func newDumper(t *testing.T) dumper {
	t.Helper()
	return dumper{commandtest.New(t, nil, keyspace.Rows(), stringcmd.Rows(), hashcmd.Rows(), setcmd.Rows(), zsetcmd.Rows(), listcmd.Rows())}
}

// dump returns the payload of a key.
func (d dumper) dump(key string) string {
	_, payload, _ := strings.Cut(d.Do("DUMP "+key), " ")
	return payload
}

func (d dumper) restore(key, ttl, payload string, options ...string) string {
	return d.DoArgs(append([]string{"RESTORE", key, ttl, payload}, options...)...)
}

// conflict makes a key with two values of a string, two of a field, a field that expires, and a set.
func (d dumper) conflict(key string) {
	d.Do("HSET " + key + " f 1 g 2 h 3")
	token := strings.Fields(d.Do("HGETALL " + key + " CONTEXT"))[2]
	d.Do("HSET " + key + " f 4")
	d.Do("HSET " + key + " f 5 CONTEXT " + token)
	d.Do("HPEXPIRE " + key + " 5000 FIELDS 1 g")
	d.DoArgs("SET", key, "one", "CONTEXT", "")
	d.DoArgs("SET", key, "two", "CONTEXT", "")
}

// values returns all that lives of a key, without the events that wrote it, and what is shown of it.
func (d dumper) values(key string) (all []string) {
	o, now := d.Store.Objects[key], d.Client.Node.Now().UnixMilli()
	for _, s := range o.LiveAt(now).Siblings {
		all = append(all, string(s.Data))
	}
	for e := range o.Elements.Live(now) {
		all = append(all, fmt.Sprintf("%s=%s until %d", e.Name, e.Data, e.Expiry))
	}
	return append(all, d.Do("TYPE "+key), d.Do("GET "+key))
}

func TestDump_Restore_EveryType(t *testing.T) {
	d := newDumper(t)
	d.Do("SET s one")
	d.Do("HSET h f 1 g 2")
	d.Do("SADD m b a 3")
	d.Do("ZADD z 1.5 a -inf b")
	d.Do("RPUSH l x y x")
	for _, read := range []string{"GET s", "HGETALL h", "SMEMBERS m", "ZRANGE z 0 -1 WITHSCORES", "LRANGE l 0 -1"} {
		words := strings.Fields(read)
		want, payload := d.Do(read), d.dump(words[1])
		if got := d.restore(words[1], "0", payload); got != "-BUSYKEY Target key name already exists." {
			t.Errorf("%s: a key that exists: %s", read, got)
		}
		for _, line := range []string{"DEL " + words[1], "HSET " + words[1] + " other 1"} {
			d.Do(line)
			if got := d.restore(words[1], "100", payload, "REPLACE"); got != "+OK" {
				t.Fatalf("%s after %s: %s", read, line, got)
			}
			d.Play([]commandtest.Line{{read, want}, {"TTL " + words[1], ":0"}, {"PTTL " + words[1], ":100"}})
		}
	}
	d.Pass(100 * time.Millisecond)
	d.Play([]commandtest.Line{{"DBSIZE", ":0"}, {"DUMP s", "$-1"}})
}

// Concurrent values are concurrent again where they are restored, and the same one is shown. Nothing
// that was there stays beside them.
func TestDump_Restore_ConcurrentValuesStay(t *testing.T) {
	d := newDumper(t)
	d.conflict("k")
	want := d.values("k")
	if len(want) != 8 || want[2] != "f=4 until 0" || want[3] != "f=5 until 0" {
		t.Fatalf("the key has %q", want)
	}
	payload := d.dump("k")
	for range 2 {
		d.conflict("l")
		if got := d.restore("l", "0", payload, "REPLACE"); got != "+OK" {
			t.Fatal(got)
		}
		if got := d.values("l"); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if again := d.dump("l"); again != payload {
		t.Errorf("its payload is %q, want %q", again, payload)
	}
	d.Pass(5 * time.Second) // the field g expires
	if got := d.values("l"); len(got) != len(want)-1 {
		t.Errorf("after the expiry of a field: %q", got)
	}
}

// COPY makes the same writes.
func TestCopy_ConcurrentValuesOfFieldsStay(t *testing.T) {
	d := newDumper(t)
	d.conflict("k")
	d.Play([]commandtest.Line{{"COPY k l", ":1"}})
	if got, want := d.values("l"), d.values("k"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// No event of the key is minted twice, however often a payload is restored.
func TestRestore_Again_MintsOtherEvents(t *testing.T) {
	d := newDumper(t)
	d.conflict("k")
	payload := d.dump("k")
	seen := make(map[causal.Dot]bool)
	for range 3 {
		if got := d.restore("k", "0", payload, "REPLACE"); got != "+OK" {
			t.Fatal(got)
		}
		o, now := d.Store.Objects["k"], make(map[causal.Dot]bool)
		for _, s := range o.Siblings {
			now[s.Dot] = true
		}
		for _, e := range o.Elements {
			now[e.Dot] = true
		}
		for dot := range now {
			if seen[dot] {
				t.Errorf("%v was minted before", dot)
			}
			seen[dot] = true
		}
	}
}

func TestRestore_StoreFails_IsTheAnswer(t *testing.T) {
	d := newDumper(t)
	d.Do("SET k v")
	payload := d.dump("k")
	d.Store.Fail = func(*replica.Request) error { return errors.New("no such luck") }
	for _, got := range []string{d.Do("DUMP k"), d.restore("k", "0", payload), d.restore("k", "0", payload, "REPLACE"), d.restore("k", "1", payload, "REPLACE", "ABSTTL")} {
		if got != "-ERR no such luck" {
			t.Error(got)
		}
	}
}

// Another client makes the key between the two steps of a RESTORE that may not replace it.
func TestRestore_KeyAppears_IsNotReplaced(t *testing.T) {
	d := newDumper(t)
	d.Do("SADD k a")
	payload := d.dump("k")
	d.Do("DEL k")
	other := newDumper(t)
	other.Conn.Store = d.Store
	d.Store.Fail = func(r *replica.Request) error {
		if r.Update != nil {
			d.Store.Fail = nil
			other.Client.Node.Store = d.Store
			other.Do("SET k theirs")
		}
		return nil
	}
	if got := d.restore("k", "0", payload); got != "-BUSYKEY Target key name already exists." {
		t.Error(got)
	}
	d.Play([]commandtest.Line{{"GET k", "$6 theirs"}})
}

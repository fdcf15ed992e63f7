package replica

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// do runs a pipeline of fresh requests on a node.
func (n *worldNode) do(reqs ...*Request) {
	n.w.tb.Helper()
	n.coordinator.Do(context.Background(), reqs)
}

func (n *worldNode) partition(key []byte) ring.Partition { return n.ring.Load().PartitionOf(key) }

func get(key []byte) *Request { return &Request{Key: key} }

func set(key []byte, value string) *Request {
	return &Request{Key: key, Update: &register.Update{Kind: register.Set, Data: []byte(value)}}
}

func incr(key []byte) *Request {
	return &Request{Key: key, Update: &register.Update{Kind: register.Increment, Amount: 1}}
}

func del(key []byte) *Request {
	return &Request{Key: key, Update: &register.Update{Kind: register.Delete}}
}

// must runs one request that has to succeed.
func (n *worldNode) must(r *Request) *Request {
	n.w.tb.Helper()
	if n.do(r); r.Err != nil {
		n.w.tb.Fatalf("at %s: %v", n.name, r.Err)
	}
	return r
}

// plain is what a plain GET makes of a read.
func (r *Request) plain() string {
	v, found, err := register.Resolve(&r.Object, register.LWW, time.Now().UnixMilli())
	switch {
	case err != nil:
		return err.Error()
	case !found:
		return "-"
	}
	return string(v.Data)
}

// stored is what a node's own copy says, "-" for none, "†" for a tombstone.
func (n *worldNode) stored(key []byte) string {
	n.w.tb.Helper()
	return n.say(n.store.Get(n.partition(key), key, nil))
}

// hinted is what a node's hints for anybody say.
func (n *worldNode) hinted(key []byte) string {
	n.w.tb.Helper()
	return n.say(n.store.Hints().Get(n.partition(key), key, nil))
}

func (n *worldNode) say(encoded []byte, found bool, err error) (said string) {
	n.w.tb.Helper()
	if err != nil {
		n.w.tb.Fatal(err)
	}
	if !found {
		return "-"
	}
	o, err := object.Decode(encoded)
	if err != nil {
		n.w.tb.Fatal(err)
	}
	o = object.Counted(&o)
	for i, s := range o.Siblings {
		if i > 0 {
			said += " "
		}
		if s.Tombstone {
			said += "†"
		} else {
			said += string(s.Data)
		}
	}
	return said
}

// plant gives a node its own copy of an object.
func (n *worldNode) plant(key, encoded []byte) {
	n.w.tb.Helper()
	n.apply(&engine.Record{Partition: n.partition(key), Key: key, Merge: encoded})
}

// plantHint gives a node an object to keep for the node at a place of the walk.
func (n *worldNode) plantHint(key, encoded []byte, place int) {
	n.w.tb.Helper()
	n.apply(&engine.Record{Partition: n.partition(key), Key: key, Hint: n.w.at(place).id, Merge: encoded})
}

func (n *worldNode) apply(r *engine.Record) {
	n.w.tb.Helper()
	commit, err := n.store.Apply([]*engine.Record{r})
	if err == nil {
		err = commit.Wait()
	}
	if err == nil {
		err = r.Err
	}
	if err != nil {
		n.w.tb.Fatal(err)
	}
}

// strange encodes an object of a writer that is no member, who has seen a number
// of events: a higher one replaces a lower one.
func strange(events causal.Counter, value string) []byte {
	return strangeAt(events, causal.Timestamp(events), value)
}

// strangeAt encodes such an object, which was written at a time.
func strangeAt(events causal.Counter, at causal.Timestamp, value string) []byte {
	dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: events}
	o := object.Put(object.Object{}, causal.Context{}, dot, at, object.Value{Data: []byte(value)})
	return o.Append(nil)
}

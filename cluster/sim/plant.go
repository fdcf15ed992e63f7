package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/engine"
)

// plant breaks a rule on all nodes once everything is at rest, if the run is to.
func (ch *checker) plant() {
	final := ch.final()
	for _, key := range slices.Sorted(maps.Keys(final)) {
		left := final[key]
		o := left.Clone()
		switch ch.opts.defect {
		case defectForget:
			old := ch.overwritten(key)
			if old == nil || o.Live(0) {
				continue
			}
			dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}
			o = object.Put(object.Object{}, causal.Context{}, dot, 1, object.Value{Data: []byte(old.value)})
		case defectNewer:
			if old := ch.overwritten(key); old != nil {
				dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}
				o = object.Put(o, causal.Context{}, dot, causal.TimestampOf(1<<42), object.Value{Data: []byte(old.value)})
			}
		case defectTwins:
			if len(o.Siblings) == 0 || o.Siblings[0].Tombstone {
				continue
			}
			ch.checkDots(key, &o)
			o.Siblings[0].Data = []byte("another")
		case defectCount:
			if !strings.HasPrefix(key, counterPrefix) {
				continue
			}
			dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}
			o = object.Put(o, o.Context(), dot, causal.TimestampOf(1<<42), object.Value{Data: []byte("0")})
		case defectHeap:
			for i := range mostSiblings + 1 {
				dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: causal.Counter(i + 1)}
				o = object.Put(o, causal.Context{}, dot, 1, object.Value{Data: []byte("one of many")})
			}
		case defectExpire:
			if key != ttlSiblings || len(o.Siblings) < 2 {
				continue
			}
			o.Siblings = o.Siblings[:1]
		case defectUndead:
			if len(o.Siblings) == 0 || o.Siblings[0].Expiry == 0 {
				continue
			}
			o.Siblings[0].Expiry = 0
		case defectStrip:
			if len(o.Siblings) == 0 || !o.Siblings[0].Live(unixMilli(ch.now)) || o.Siblings[0].Expiry == 0 {
				continue
			}
			o.Siblings[0].Data, o.Siblings[0].Stripped = nil, true
		case defectBases:
			if !strings.HasPrefix(key, tallyPrefix) {
				continue
			}
			for i := range o.Siblings {
				o.Siblings[i].Base = nil
			}
		case defectElement:
			if len(o.Elements) == 0 {
				continue
			}
			o.Elements = o.Elements[1:]
		case defectFalls:
			if told := ch.history.entries(key); len(told) > 1 {
				told[0].name, told[len(told)-1].name = told[len(told)-1].name, told[0].name
			}
			continue
		case defectOldest:
			if len(o.Elements) == 0 || o.Elements[0].Kind != object.Entry || valueOf(&o.Elements[0]) == "" {
				continue
			}
			o.Elements = o.Elements[1:]
		case defectScore:
			if len(o.Elements) == 0 || o.Elements[0].Kind != object.Scored {
				continue
			}
			o.Elements[0].Data = object.AppendScore(nil, -1)
		default:
			continue
		}
		ch.overwrite(key, o.Append(nil))
	}
}

// overwritten is an acknowledged write to a key, if there was one.
func (ch *checker) overwritten(key string) *op {
	for _, o := range ch.history.ops {
		if o.key == key && o.action == actionSet && o.outcome == succeeded {
			return o
		}
	}
	return nil
}

// overwrite makes all nodes forget a key's partition, and hold this object of it.
func (ch *checker) overwrite(key string, encoded []byte) {
	p := ch.ring().PartitionOf([]byte(key))
	for _, id := range ch.ring().Primaries(p) {
		l := ch.byID[id].life
		ch.step(l, func() {
			dropped, err := l.store.Partitions().DropIf(p, l.store.Merkle().Root(p))
			if err != nil || !dropped {
				panic(fmt.Sprintf("partition %d dropped: %v, %v", p, dropped, err))
			}
			commit, err := l.store.Apply([]*engine.Record{{Partition: p, Key: []byte(key), Merge: encoded}})
			if err != nil {
				panic(err)
			}
			go func() { _ = commit.Wait() }()
		})
	}
}

package object

import (
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
)

func TestObject_Lifetime_FollowsFromItsSiblings(t *testing.T) {
	at := func(unixMilli int64) causal.Timestamp { return causal.TimestampOf(unixMilli) }
	tombstone := func(unixMilli int64) Sibling {
		return Sibling{Time: at(unixMilli), Value: Value{Tombstone: true}}
	}
	value := func(unixMilli, expiry int64) Sibling {
		return Sibling{Time: at(unixMilli), Value: Value{Data: []byte("v"), Expiry: expiry}}
	}
	stripped := func(unixMilli, expiry int64) Sibling {
		return Sibling{Time: at(unixMilli), Value: Value{Expiry: expiry, Stripped: true}}
	}
	for _, c := range []struct {
		name     string
		siblings []Sibling
		want     Lifetime
	}{
		{"a value without expiry", []Sibling{value(1, 0)}, Lifetime{Kind: Lasting}},
		{"one value without expiry among others", []Sibling{value(1, 50), tombstone(9), value(2, 0)}, Lifetime{Kind: Lasting, Hidden: true}},
		{"a value newer than a tombstone", []Sibling{value(10, 0), tombstone(9)}, Lifetime{Kind: Lasting}},
		{"a value newer than a tombstone, with an expiry", []Sibling{value(10, 50), tombstone(9)}, Lifetime{Kind: Expiring, At: 50}},
		{"the last of several expiries", []Sibling{value(1, 50), value(2, 70), tombstone(90)}, Lifetime{Kind: Expiring, At: 70, Hidden: true}},
		{"an expiry before 1970", []Sibling{value(1, -5)}, Lifetime{Kind: Expiring, At: 0}},
		{"a stripped value", []Sibling{stripped(1, 50)}, Lifetime{Kind: Dead, At: 50}},
		{"a stripped value and a newer tombstone", []Sibling{stripped(1, 50), tombstone(60)}, Lifetime{Kind: Dead, At: 60}},
		{"the last of several stripped values", []Sibling{stripped(1, 50), tombstone(9), stripped(2, 40)}, Lifetime{Kind: Dead, At: 50}},
		{"a value older than a stripped one", []Sibling{value(1, 0), stripped(2, 50)}, Lifetime{Kind: Lasting, Hidden: true}},
		{"a value newer than a stripped one", []Sibling{value(3, 70), stripped(2, 50)}, Lifetime{Kind: Expiring, At: 70}},
		{"the newest of several tombstones", []Sibling{tombstone(30), tombstone(20)}, Lifetime{Kind: Dead, At: 30}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Object{Siblings: c.siblings}
			if got := o.Lifetime(); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

// body is a JSON object.
type body map[string]any

// order posts to the admin port of any node.
func (n *node) order(path string, what body) {
	n.t.Helper()
	if err := n.call("POST", path, what, nil); err != nil {
		n.t.Fatal(err)
	}
}

// awaitCut waits until no node of either side counts on one of the other: what is
// sent before may arrive after the cut, as on any network.
func (f *fleet) awaitCut(sides ...[]*node) {
	f.t.Helper()
	within(f.t, patience, "the cut to be noticed", func() error {
		for _, side := range sides {
			for _, n := range side {
				var v view
				if err := n.get("/api/cluster", &v); err != nil {
					return err
				}
				for _, m := range v.Nodes {
					own := slices.ContainsFunc(side, func(o *node) bool { return o.name == m.Name })
					if m.Alive != own {
						return fmt.Errorf("%s sees %+v", n.name, m)
					}
				}
			}
		}
		return nil
	})
}

// awaitNoHints waits until every write is where it belongs.
func (f *fleet) awaitNoHints() {
	f.t.Helper()
	within(f.t, patience, "all hints delivered", func() error {
		var v view
		if err := f.nodes[0].get("/api/cluster", &v); err != nil {
			return err
		}
		for _, m := range v.Nodes {
			if m.Hints == nil || *m.Hints > 0 {
				return fmt.Errorf("%+v", v.Nodes)
			}
		}
		return nil
	})
}

// insist writes until it is acknowledged.
func insist(t *testing.T, c *redis.Client, key, value string) {
	t.Helper()
	within(t, patience, "SET "+key, func() error { return c.Do(context.Background(), "SET", key, value, "W", 2).Err() })
}

// valuesOf returns the concurrent values of a key, in order.
func valuesOf(c *redis.Client, key string) ([]string, error) {
	reply, err := c.Do(context.Background(), "GET", key, "CONTEXT").Slice()
	if err != nil {
		return nil, err
	}
	var values []string
	for _, v := range reply[1].([]any) {
		values = append(values, v.(string))
	}
	slices.Sort(values)
	return values, nil
}

func TestChaos_Partition_BothSidesWriteAndAgreeOnceItHeals(t *testing.T) {
	f := newFleet(t, 5, "--chaos")
	a, e := f.nodes[0].dial(t), f.nodes[4].dial(t)
	const keys = 10
	for i := range keys {
		insist(t, a, fmt.Sprint("cart", i), "empty")
	}
	f.nodes[2].order("/api/partition", body{"groups": [][]string{{"A", "B"}, {"C", "D", "E"}}})
	f.awaitCut(f.nodes[:2], f.nodes[2:])
	for i := range keys {
		insist(t, a, fmt.Sprint("cart", i), "left")
		insist(t, e, fmt.Sprint("cart", i), "right")
	}
	for c, want := range map[*redis.Client]string{a: "left", e: "right"} {
		within(t, patience, "each side sees its own", func() error {
			got, err := c.Get(context.Background(), "cart0").Result()
			if err == nil && got != want {
				err = fmt.Errorf("GET is %q, want %q", got, want)
			}
			return err
		})
	}
	f.nodes[1].order("/api/heal", body{})
	f.awaitPlaces()
	f.awaitNoHints() // primaries that all lack a write are identical too
	f.awaitIdentical(3)
	for _, n := range f.nodes {
		c := n.dial(t)
		for i := range keys {
			got, err := valuesOf(c, fmt.Sprint("cart", i))
			if err != nil || !slices.Equal(got, []string{"left", "right"}) {
				t.Fatalf("cart%d through %s: %q, %v", i, n.name, got, err)
			}
		}
	}
}

func TestChaos_DiskLostAndNodeAddedByREST_AreFilled(t *testing.T) {
	f := newFleet(t, 4, "--chaos")
	c := f.nodes[0].dial(t)
	const keys = 300
	for i := range keys {
		insist(t, c, fmt.Sprint("k", i), "v")
	}
	f.awaitIdentical(3)
	b := f.nodes[1]
	b.goAway()
	f.nodes[2].order("/api/nodes/B/kill", nil)
	within(t, patience, "B killed", func() error {
		if err := b.get("/readyz", nil); err == nil {
			return fmt.Errorf("it serves")
		}
		return b.get("/healthz", nil) // its process and its port live on
	})
	f.nodes[3].order("/api/nodes/B/revive", body{"lose_disk": true})
	f.awaitPlaces()
	f.awaitIdentical(3)

	standby := f.add()
	standby.args = append(standby.args[:len(standby.args)-2], "--standby") // not --join
	standby.start()
	within(t, patience, "the standby's port", func() error { return standby.get("/healthz", nil) })
	if err := standby.get("/readyz", nil); err == nil {
		t.Error("a node that waits to be told whom to join says that it serves")
	}
	b.order("/api/nodes", body{"admin_addr": standby.admin})
	f.awaitPlaces()
	f.awaitIdentical(3)
	for _, n := range []*node{b, standby} {
		c := n.dial(t)
		for i := range keys {
			if got, err := c.Get(t.Context(), fmt.Sprint("k", i)).Result(); err != nil || got != "v" {
				t.Fatalf("k%d through %s: %q, %v", i, n.name, got, err)
			}
		}
	}
}

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
)

const (
	sharedSet       = "{collections}set"
	sharedHash      = "{collections}hash"
	sharedSortedSet = "{collections}sorted"
	sharedList      = "{collections}list"
	sharedStream    = "{collections}stream"
	sharedCounter   = "{collections}counter"
)

// collector is one client that adds to a counter, and elements of its own to a set, a hash, a sorted set, a
// list and a stream that all share, and removes some of them again. It knows what must be there in the end.
type collector struct {
	id     string
	client *redis.Client
	there  map[string]bool   // by member: acknowledged additions, and, if false, removals
	ids    map[string]string // by member: the id that its entry in the stream was given
	done   *atomic.Int64     // requests of all collectors

	counted, asked int // increments that were acknowledged, and all
}

// run works until ctx ends. A request that failed may have taken effect, so that nothing is
// known of its element any more.
func (c *collector) run(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("%s-%d", c.id, i)
		request := context.WithoutCancel(ctx) // one that has begun is waited for
		if c.asked++; c.client.Incr(request, sharedCounter).Err() == nil {
			c.counted++
		}
		added := c.client.SAdd(request, sharedSet, name).Err() == nil
		added = c.client.HSet(request, sharedHash, name, i).Err() == nil && added
		added = c.client.ZAdd(request, sharedSortedSet, redis.Z{Member: name, Score: float64(i)}).Err() == nil && added
		added = c.client.RPush(request, sharedList, name).Err() == nil && added
		id, err := c.client.XAdd(request, &redis.XAddArgs{Stream: sharedStream, Values: []string{"name", name}}).Result()
		if added = err == nil && added; err == nil {
			c.ids[name] = id
		}
		if added {
			c.there[name] = true
		}
		if i%3 == 2 {
			gone := fmt.Sprintf("%s-%d", c.id, i-2)
			removed := c.client.SRem(request, sharedSet, gone).Err() == nil
			removed = c.client.HDel(request, sharedHash, gone).Err() == nil && removed
			removed = c.client.ZRem(request, sharedSortedSet, gone).Err() == nil && removed
			removed = c.client.LRem(request, sharedList, 0, gone).Err() == nil && removed
			removed = c.ids[gone] != "" && c.client.XDel(request, sharedStream, c.ids[gone]).Err() == nil && removed
			if delete(c.there, gone); removed {
				c.there[gone] = false
			}
		}
		c.done.Add(1)
	}
}

// Clients of five processes add to one set, one hash, one sorted set, one list and one stream, and remove their own
// elements, while one process is killed, another one is frozen, and the network is cut in two. All count in one counter. In
// the end each acknowledged addition and increment is there, and nothing that was removed, through every node.
func TestCollections_KillFreezeAndCut_KeepWhatWasAdded(t *testing.T) {
	f := newFleet(t, 5, "--chaos")
	ctx, cancel := context.WithCancel(t.Context())
	var clients []*collector
	var group sync.WaitGroup
	var done atomic.Int64
	for _, n := range f.nodes {
		c := &collector{id: n.name, client: n.dial(t), there: map[string]bool{}, ids: map[string]string{}, done: &done}
		clients = append(clients, c)
		group.Go(func() { c.run(ctx) })
	}
	t.Cleanup(func() { cancel(); group.Wait() })
	more := func(requests int64) {
		goal := done.Load() + requests
		within(t, patience, fmt.Sprintf("%d more requests", requests), func() error {
			if now := done.Load(); now < goal {
				return fmt.Errorf("%d of %d", now, goal)
			}
			return nil
		})
	}
	more(60)
	f.nodes[2].kill()
	more(60)
	f.nodes[2].restart()
	f.nodes[3].freeze()
	more(30)
	f.nodes[3].thaw()
	f.awaitPlaces()
	f.nodes[1].order("/api/partition", body{"groups": [][]string{{"A", "B"}, {"C", "D", "E"}}})
	more(60)
	f.nodes[1].order("/api/heal", body{})
	more(30)
	cancel()
	group.Wait()
	f.awaitPlaces()
	f.awaitNoHints()
	f.awaitIdentical(3)

	counted, asked := 0, 0
	for _, c := range clients {
		counted, asked = counted+c.counted, asked+c.asked
	}
	for _, n := range f.nodes {
		c := n.dial(t)
		if total, err := c.Get(t.Context(), sharedCounter).Int(); err != nil || total < counted || total > asked {
			t.Errorf("through %s: the counter is %d, %v, after %d increments of which %d were acknowledged", n.name, total, err, asked, counted)
		}
		members, err := c.SMembers(t.Context(), sharedSet).Result()
		if err != nil {
			t.Fatal(err)
		}
		fields, err := c.HKeys(t.Context(), sharedHash).Result()
		if err != nil {
			t.Fatal(err)
		}
		ranked, err := c.ZRangeWithScores(t.Context(), sharedSortedSet, 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		items, err := c.LRange(t.Context(), sharedList, 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		entries, err := c.XRange(t.Context(), sharedStream, "-", "+").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range [][]string{members, fields, checkRanks(t, n.name, ranked), checkOrder(t, n.name, items), checkEntries(t, n.name, entries, clients)} {
			slices.Sort(list)
			checkCollected(t, n.name, list, clients)
		}
	}
}

// checkRanks returns the members of a sorted set, whose scores are the numbers in their names.
func checkRanks(t *testing.T, through string, ranked []redis.Z) (names []string) {
	t.Helper()
	for i, z := range ranked {
		name := z.Member.(string)
		if _, number, _ := strings.Cut(name, "-"); number != fmt.Sprint(z.Score) || i > 0 && z.Score < ranked[i-1].Score {
			t.Errorf("through %s: %s has rank %d and the score %v", through, name, i, z.Score)
		}
		names = append(names, name)
	}
	return names
}

// checkOrder returns the items of a list. Those of each client stand in the order in which it pushed
// them, each once.
func checkOrder(t *testing.T, through string, items []string) []string {
	t.Helper()
	last := make(map[string]int)
	for i, item := range items {
		client, number, _ := strings.Cut(item, "-")
		n, err := strconv.Atoi(number)
		if before, seen := last[client]; err != nil || seen && n <= before {
			t.Errorf("through %s: item %d is %s, behind number %d of its client", through, i, item, before)
		}
		last[client] = n
	}
	return items
}

// checkEntries returns the members whose entries a stream has. Each entry has the id that its client
// was told.
func checkEntries(t *testing.T, through string, entries []redis.XMessage, clients []*collector) (names []string) {
	t.Helper()
	told := make(map[string]string)
	for _, c := range clients {
		maps.Copy(told, c.ids)
	}
	for _, e := range entries {
		name, _ := e.Values["name"].(string)
		if id, known := told[name]; known && id != e.ID {
			t.Errorf("through %s: the entry of %s has the id %s, and its client was told %s", through, name, e.ID, id)
		}
		names = append(names, name)
	}
	return names
}

// checkCollected compares the elements that a node shows, in order, with what is known of them.
func checkCollected(t *testing.T, through string, list []string, clients []*collector) {
	t.Helper()
	known, lost, returned := 0, []string{}, []string{}
	for _, c := range clients {
		for name, there := range c.there {
			known++
			switch _, found := slices.BinarySearch(list, name); {
			case there && !found:
				lost = append(lost, name)
			case !there && found:
				returned = append(returned, name)
			}
		}
	}
	if known == 0 || len(lost) > 0 || len(returned) > 0 {
		t.Errorf("through %s: of %d elements lost %s, returned %s", through, known, strings.Join(lost, " "), strings.Join(returned, " "))
	}
}

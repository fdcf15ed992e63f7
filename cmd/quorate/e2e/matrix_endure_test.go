package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// awaitClients waits until the node has been sent keys by each of the named
// clients, whose keys are their name, an e, and a number.
func (n *node) awaitClients(names []string) {
	n.t.Helper()
	monitor, err := redis.Dial("tcp", n.client, redis.DialReadTimeout(patience))
	if err != nil {
		n.t.Fatal(err)
	}
	defer monitor.Close()
	if _, err := monitor.Do("MONITOR"); err != nil {
		n.t.Fatal(err)
	}
	missing := make(map[string]bool)
	for _, name := range names {
		missing[name] = true
	}
	for over := time.Now().Add(patience); len(missing) > 0; {
		line, err := redis.String(monitor.Receive())
		if err != nil || time.Now().After(over) {
			n.t.Fatalf("clients that do not come to %s: %v: %v", n.name, missing, err)
		}
		for name := range missing {
			if strings.Contains(line, `"`+name+`e`) {
				delete(missing, name)
			}
		}
	}
}

// enduring is a Go library that goes on while nodes die and join.
type enduring struct {
	name    string
	cluster bool
	set     func(key, value string) error
	get     func(key string) (string, error)

	well   atomic.Int64 // requests since the last error
	errors atomic.Int64
	wrong  atomic.Pointer[string]
}

func (e *enduring) run(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		key, value := fmt.Sprintf("%se%d", e.name, i%100), fmt.Sprint(i)
		err := e.set(key, value)
		if err == nil {
			var got string
			if got, err = e.get(key); err == nil && got != value {
				text := fmt.Sprintf("%s is %q, not %q", key, got, value)
				e.wrong.Store(&text)
			}
		}
		if err != nil {
			e.errors.Add(1)
			e.well.Store(0)
		} else {
			e.well.Add(1)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func enduringLibraries(t testing.TB, nodes []*node) []*enduring {
	ctx := context.Background()
	byGoRedis := func(name string, cluster bool, c goredis.UniversalClient) *enduring {
		return &enduring{name: name, cluster: cluster,
			set: func(key, value string) error { return c.Set(ctx, key, value, 0).Err() },
			get: func(key string) (string, error) { return c.Get(ctx, key).Result() },
		}
	}
	byRueidis := func(name string, cluster bool, o rueidis.ClientOption) *enduring {
		o.DisableCache = true
		for _, n := range nodes {
			o.InitAddress = append(o.InitAddress, n.client)
		}
		if !cluster {
			o.InitAddress, o.ForceSingleClient = o.InitAddress[:1], true
		}
		c, err := rueidis.NewClient(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return &enduring{name: name, cluster: cluster,
			set: func(key, value string) error { return c.Do(ctx, c.B().Set().Key(key).Value(value).Build()).Error() },
			get: func(key string) (string, error) { return c.Do(ctx, c.B().Get().Key(key).Build()).ToString() },
		}
	}
	plain := goredis.NewClient(&goredis.Options{Addr: nodes[0].client})
	t.Cleanup(func() { _ = plain.Close() })
	pool := &redis.Pool{
		Dial:         func() (redis.Conn, error) { return redis.Dial("tcp", nodes[0].client) },
		TestOnBorrow: func(c redis.Conn, _ time.Time) error { _, err := c.Do("PING"); return err },
	}
	t.Cleanup(func() { _ = pool.Close() })
	pooled := func(args ...string) (string, error) {
		c := pool.Get()
		defer c.Close()
		return redis.String(c.Do(args[0], anys(args[1:])...))
	}
	refresh := rueidis.ClusterOption{ShardsRefreshInterval: 500 * time.Millisecond}
	return []*enduring{
		byGoRedis("go-redis", false, plain),
		byGoRedis("go-redis-cluster", true, dialCluster(t, nodes...)),
		byRueidis("rueidis", false, rueidis.ClientOption{}),
		byRueidis("rueidis-cluster", true, rueidis.ClientOption{ClusterOption: refresh}),
		{name: "redigo",
			set: func(key, value string) error { _, err := pooled("SET", key, value); return err },
			get: func(key string) (string, error) { return pooled("GET", key) },
		},
	}
}

// TestMatrix_GoLibraries_Endure lets all of them go on while the node that they
// know first is killed and comes back, and another joins.
func TestMatrix_GoLibraries_Endure(t *testing.T) {
	f := newFleet(t, 3, unhurried...)
	all := enduringLibraries(t, f.nodes)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, e := range all {
		running.Go(func() { e.run(ctx) })
	}
	defer running.Wait()
	defer stop()
	wellAgain := func(what string, of func(*enduring) bool) {
		t.Helper()
		for _, e := range all {
			if !of(e) {
				continue
			}
			within(t, patience, e.name+" is well "+what, func() error {
				if e.well.Load() < 100 {
					return errors.New("it is not")
				}
				return nil
			})
			t.Logf("%s is well %s, after %d errors in all", e.name, what, e.errors.Load())
		}
	}
	everyone := func(*enduring) bool { return true }
	wellAgain("at first", everyone)
	f.nodes[0].kill()
	for _, e := range all {
		e.well.Store(0)
	}
	wellAgain("without the first node", func(e *enduring) bool { return e.cluster })
	f.nodes[0].restart()
	f.awaitPlaces()
	wellAgain("when it is back", everyone)

	fourth := f.add()
	fourth.restart()
	f.awaitPlaces()
	fourth.awaitClients([]string{"go-redis-cluster", "rueidis-cluster"})
	wellAgain("with a fourth", everyone)
	for _, e := range all {
		if wrong := e.wrong.Load(); wrong != nil {
			t.Errorf("%s: %s", e.name, *wrong)
		}
	}
}

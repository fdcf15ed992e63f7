package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// way is one way to open one library.
type way struct {
	name string
	open func(testing.TB, []*node) library
}

func goLibraries() []way {
	return []way{
		{"go-redis-2", func(t testing.TB, nodes []*node) library { return openGoRedis(t, nodes[0], 2) }},
		{"go-redis-3", func(t testing.TB, nodes []*node) library { return openGoRedis(t, nodes[0], 3) }},
		{"go-redis-cluster", func(t testing.TB, nodes []*node) library { return useGoRedis(dialCluster(t, nodes[0])) }},
		{"redigo", func(t testing.TB, nodes []*node) library { return openRedigo(t, nodes[0]) }},
		{"rueidis-2", func(t testing.TB, nodes []*node) library {
			return openRueidis(t, rueidis.ClientOption{AlwaysRESP2: true, ForceSingleClient: true}, nodes[0])
		}},
		{"rueidis-3", func(t testing.TB, nodes []*node) library {
			return openRueidis(t, rueidis.ClientOption{ForceSingleClient: true}, nodes[0])
		}},
		{"rueidis-cluster", func(t testing.TB, nodes []*node) library {
			lib := openRueidis(t, rueidis.ClientOption{}, nodes...)
			lib.narrow = true
			return lib
		}},
	}
}

func openGoRedis(t testing.TB, n *node, protocol int) library {
	c := goredis.NewClient(&goredis.Options{Addr: n.client, Protocol: protocol})
	t.Cleanup(func() { _ = c.Close() })
	return useGoRedis(c)
}

// useGoRedis uses go-redis by its plain client and by the one that is aware of clusters.
func useGoRedis(c goredis.UniversalClient) library {
	do := func(args ...string) (any, error) {
		reply, err := c.Do(context.Background(), anys(args)...).Result()
		if err == goredis.Nil {
			return nil, nil
		}
		return reply, err
	}
	return library{do: do, anywhere: do, pipeline: func(commands [][]string) error {
		p := c.Pipeline()
		for _, args := range commands {
			p.Do(context.Background(), anys(args)...)
		}
		_, err := p.Exec(context.Background())
		return err
	}}
}

func openRedigo(t testing.TB, n *node) library {
	c, err := redis.Dial("tcp", n.client, redis.DialReadTimeout(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	do := func(args ...string) (any, error) { return c.Do(args[0], anys(args[1:])...) }
	return library{do: do, anywhere: do, pipeline: func(commands [][]string) error {
		for _, args := range commands {
			if err := c.Send(args[0], anys(args[1:])...); err != nil {
				return err
			}
		}
		if err := c.Flush(); err != nil {
			return err
		}
		for range commands {
			if _, err := c.Receive(); err != nil {
				return err
			}
		}
		return nil
	}}
}

func openRueidis(t testing.TB, o rueidis.ClientOption, nodes ...*node) library {
	o.DisableCache = true
	for _, n := range nodes {
		o.InitAddress = append(o.InitAddress, n.client)
	}
	c, err := rueidis.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	run := func(command rueidis.Completed) (any, error) {
		reply, err := c.Do(context.Background(), command).ToAny()
		if rueidis.IsRedisNil(err) {
			return nil, nil
		}
		return reply, err
	}
	// keyed tells the library where the keys are: all that come after the name,
	// which are of one slot, and share it with any argument that is none.
	keyed := func(args []string) rueidis.Completed {
		b := c.B().Arbitrary(args[0])
		switch args[0] {
		case "MGET", "DEL", "EXISTS", "TOUCH", "UNLINK":
			return b.Keys(args[1:]...).Build()
		case "MSET", "MSETNX":
			b = b.Keys(args[1])
			return b.Args(args[2:]...).Build()
		case "OBJECT", "MEMORY":
			return b.Args(args[1]).Keys(args[2]).Args(args[3:]...).Build()
		}
		return b.Keys(args[1]).Args(args[2:]...).Build()
	}
	return library{
		do:       func(args ...string) (any, error) { return run(keyed(args)) },
		anywhere: func(args ...string) (any, error) { return run(c.B().Arbitrary(args...).Build()) },
		pipeline: func(commands [][]string) error {
			var built []rueidis.Completed
			for _, args := range commands {
				built = append(built, keyed(args))
			}
			for _, result := range c.DoMulti(context.Background(), built...) {
				if err := result.Error(); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func anys(args []string) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		out[i] = arg
	}
	return out
}

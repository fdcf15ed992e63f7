package server

import (
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/replica"
)

// instant is a store that costs nothing, so that the benchmark shows what the
// client port itself costs.
type instant struct {
	*fake
	object object.Object
}

func (s *instant) Do(_ context.Context, requests []*replica.Request) {
	for _, r := range requests {
		if r.Update == nil {
			r.Object = s.object
		} else {
			r.Result.Applied = true
		}
	}
}

// BenchmarkServer measures commands per second over loopback, the client's share
// included, which encodes nothing and reads replies as bytes.
func BenchmarkServer(b *testing.B) {
	store := &instant{fake: newFake(b)}
	store.object.Siblings = []object.Sibling{{Value: object.Value{Data: []byte("xxx")}}}
	for name, command := range map[string][2]string{
		"GET": {encode("GET", "key:000000000001"), "$3\r\nxxx\r\n"},
		"SET": {encode("SET", "key:000000000001", "xxx"), "+OK\r\n"},
	} {
		for _, depth := range []int{1, 16, 128} {
			b.Run(name+"/P="+strconv.Itoa(depth), func(b *testing.B) {
				s := serve(b, Config{}, store)
				conn, err := net.Dial("tcp", s.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				defer conn.Close()
				in := []byte(strings.Repeat(command[0], depth))
				out := make([]byte, len(command[1])*depth)
				b.ReportAllocs()
				for n := 0; n < b.N; n += depth {
					if _, err := conn.Write(in); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(conn, out); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkTurn measures a pipeline of 16 without the network: guard, parser,
// plan, batch, replies.
func BenchmarkTurn(b *testing.B) {
	store := &instant{fake: newFake(b)}
	store.object.Siblings = []object.Sibling{{Value: object.Value{Data: []byte("xxx")}}}
	s := serve(b, Config{}, store)
	client, served := net.Pipe()
	defer client.Close()
	c := s.newSession(served)
	defer s.forget(c)
	const depth = 16
	raw := []byte(strings.Repeat(encode("GET", "key:000000000001"), depth/2) + strings.Repeat(encode("SET", "key:000000000001", "xxx"), depth/2))
	b.ReportAllocs()
	c.borrow()
	for n := 0; n < b.N; n += depth {
		c.input.buf, c.input.start, c.input.end = raw, 0, len(raw)
		if err := c.executeArrived(context.Background()); err != nil {
			b.Fatal(err)
		}
		c.client.Out.Buf = c.client.Out.Buf[:0]
	}
}

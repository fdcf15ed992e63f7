package peer

import (
	"bytes"
	"context"
	"math"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// BenchmarkFrame_EncodeDecode measures the cost of one frame of 200 bytes beside the
// system calls: queued, taken apart, matched and completed.
func BenchmarkFrame_EncodeDecode(b *testing.B) {
	parts := [][]byte{bytes.Repeat([]byte("x"), 200)}
	c := &Channel{cfg: Config{MaxFrame: 1 << 20}, started: time.Now()}
	s := c.newStream(nil, 2, "B", Foreground, c.newRemote(2, ""))
	rd := &reader{s: s, buf: make([]byte, readBuffer)}
	var box outbox
	b.ReportAllocs()
	for b.Loop() {
		id := s.mu.waiting.add(unawaited{}, Read, c.now())
		sum, n := bodySum(parts)
		box.add(header{length: uint32(n), kind: Read, flags: flagReply, id: id, sum: sum}, parts)
		rd.w = copy(rd.buf, box.buf)
		if err := rd.parse(); err != nil {
			b.Fatal(err)
		}
		box.reset()
	}
}

// tokens is a completion that gives back the right to ask.
type tokens chan struct{}

func (c tokens) Complete(_ causal.NodeID, _ []byte, err error) {
	if err != nil {
		panic(err)
	}
	c <- struct{}{}
}

func roundTrips(b *testing.B, outstanding int, x, y *end) {
	body := bytes.Repeat([]byte("x"), 200)
	free := make(tokens, outstanding)
	for range outstanding {
		free <- struct{}{}
	}
	b.ReportAllocs()
	for b.Loop() {
		<-free
		x.Send(y.id(), Foreground, Read, body, free)
	}
	b.StopTimer()
	for range outstanding {
		<-free
	}
	b.ReportMetric(float64(x.count.FramesSent.Load())/float64(x.count.Writes.Load()), "frames/write")
}

func patient(c *Config) { c.RequestTimeout = 20 * time.Second }

func BenchmarkChannel_RoundTrip(b *testing.B) {
	x, y := pair(b, patient)
	roundTrips(b, 1, x, y)
}

func BenchmarkChannel_RoundTrip64(b *testing.B) {
	x, y := pair(b, patient)
	roundTrips(b, 64, x, y)
}

func BenchmarkChannel_Pipe64(b *testing.B) {
	network := newMemory()
	var ends []*end
	for i, addr := range []string{"10.0.0.1:1", "10.0.0.2:1"} {
		c, err := New(Config{Self: causal.NodeID(i + 1), Name: addr,
			ClusterID: func() string { return "c" }, RequestTimeout: 20 * time.Second}, network.bind(b, addr))
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var run sync.WaitGroup
		run.Go(func() { _ = c.Run(ctx, echo{}) })
		b.Cleanup(func() { cancel(); run.Wait() })
		ends = append(ends, &end{Channel: c})
	}
	x, y := ends[0], ends[1]
	x.SetPeers(map[causal.NodeID]string{y.id(): y.Addr()})
	poll.Until(b, "a stream stands", func() bool { return x.Available(y.id()) })
	roundTrips(b, 64, x, y)
}

func BenchmarkLatencies_Record(b *testing.B) {
	var l latencies
	d := 37 * time.Microsecond
	for b.Loop() {
		l.record(d)
		if d *= 3; d > math.MaxInt64/4 {
			d = 1
		}
	}
}

var _ net.Conn = (*script)(nil)

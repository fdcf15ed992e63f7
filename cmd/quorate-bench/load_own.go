package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// ownLoad makes the load in this process.
type ownLoad struct{ *benchmark }

func (l *ownLoad) run(ctx context.Context, c contender, w workload) (result, error) {
	group, ctx := errgroup.WithContext(ctx)
	took := make([][]time.Duration, l.Clients)
	start := time.Now()
	for i := range took {
		share := l.Requests / l.Clients
		if i < l.Requests%l.Clients {
			share++
		}
		addr := c.addrs[0]
		if l.Entry == "all" {
			addr = c.addrs[i%len(c.addrs)]
		}
		group.Go(func() (err error) {
			took[i], err = l.client(ctx, addr, c.commands, w, share)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return result{}, err
	}
	r := result{PerSecond: float64(l.Requests) / time.Since(start).Seconds()}
	all := slices.Concat(took...)
	slices.Sort(all)
	at := func(share float64) float64 {
		return float64(all[int(share*float64(len(all)-1))].Microseconds()) / 1000
	}
	r.P50, r.P99, r.P999 = at(0.5), at(0.99), at(0.999)
	return r, nil
}

// client sends its share of the requests over one connection, and returns the
// duration of each pipeline.
func (l *ownLoad) client(ctx context.Context, addr string, commands dialect, w workload, share int) (took []time.Duration, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	in := bufio.NewReaderSize(conn, 64<<10)
	value := strings.Repeat("v", l.ValueSize)
	test, err := testOf(w.Test)
	if err != nil {
		return nil, err
	}
	took = make([]time.Duration, 0, share/w.Pipeline+1)
	due := l.schedule(w.Pipeline)
	var out []byte
	for share > 0 {
		n := min(share, w.Pipeline)
		replies := 0
		out = out[:0]
		for i := range n {
			out = test.append(out, l, commands, l.anyKey(), value)
			replies++
			if !test.reads && (commands.wait == waitEach || commands.wait == waitPipeline && i == n-1) {
				out = appendWords(out, "WAIT", "1", "0")
				replies++
			}
		}
		start := due()
		if _, err := conn.Write(out); err != nil {
			return nil, err
		}
		for range replies {
			if err := skipReply(in); err != nil {
				return nil, err
			}
		}
		took = append(took, time.Since(start))
		share -= n
	}
	return took, nil
}

// fillAll writes what the tests that read find.
func (l *ownLoad) fillAll(ctx context.Context, c contender, workloads []workload) error {
	var filled []*filling
	for _, w := range workloads {
		t, err := testOf(w.Test)
		if err != nil || t.filled == nil || !c.runs(w) || slices.Contains(filled, t.filled) {
			continue
		}
		filled = append(filled, t.filled)
		if err := l.fill(ctx, c, t.filled); err != nil {
			return err
		}
	}
	return nil
}

// fill writes every key once, so that every read finds a value.
func (l *ownLoad) fill(ctx context.Context, c contender, f *filling) error {
	const atOnce = 100
	conn, err := net.Dial("tcp", c.addrs[0])
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	in := bufio.NewReaderSize(conn, 64<<10)
	value := strings.Repeat("v", l.ValueSize)
	var out []byte
	for first := 0; first < l.Keys; first += atOnce {
		n := min(atOnce, l.Keys-first)
		out = out[:0]
		for i := range n {
			out = f.append(out, l, c.commands, keyName(first+i), value)
		}
		if _, err := conn.Write(out); err != nil {
			return err
		}
		for range n {
			if err := skipReply(in); err != nil {
				return err
			}
		}
	}
	return nil
}

// schedule returns a function that waits until the client's next pipeline is due,
// and returns the time from which its latency counts. A pipeline that is late
// because of a slow reply counts from the time it was due: otherwise the run would
// omit the slow requests it looks for. The lateness of the timer does not count.
func (l *ownLoad) schedule(pipeline int) (due func() time.Time) {
	if l.Rate == 0 {
		return time.Now
	}
	pause := time.Duration(float64(l.Clients*pipeline) / float64(l.Rate) * float64(time.Second))
	next := time.Now().Add(rand.N(pause + 1))
	return func() time.Time {
		from := next
		if wait := time.Until(next); wait > 0 {
			time.Sleep(wait)
			from = time.Now()
		}
		next = next.Add(pause)
		return from
	}
}

func (l *ownLoad) anyKey() string { return keyName(rand.IntN(l.Keys)) }

// keyName names a key as redis-benchmark does.
func keyName(n int) string { return fmt.Sprintf("key:%012d", n) }

func appendWords(dst []byte, words ...string) []byte {
	dst = append(strconv.AppendInt(append(dst, '*'), int64(len(words)), 10), "\r\n"...)
	for _, w := range words {
		dst = append(strconv.AppendInt(append(dst, '$'), int64(len(w)), 10), "\r\n"...)
		dst = append(append(dst, w...), "\r\n"...)
	}
	return dst
}

// skipReply reads one reply, with all its elements. It returns an error reply as an error, which
// ends the run.
func skipReply(in *bufio.Reader) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	switch line[0] {
	case '+', ':', '_':
		return nil
	case '$':
		n, err := strconv.Atoi(strings.TrimSpace(string(line[1:])))
		if err != nil || n < 0 {
			return err
		}
		_, err = in.Discard(n + 2)
		return err
	case '*':
		n, err := strconv.Atoi(strings.TrimSpace(string(line[1:])))
		for range n {
			err = cmp.Or(err, skipReply(in))
		}
		return err
	case '-':
		return errors.New(strings.TrimSpace(string(line[1:])))
	}
	return fmt.Errorf("unexpected reply %q", line)
}

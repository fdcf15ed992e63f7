package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// redisLoad has redis-benchmark make the load.
type redisLoad struct {
	*benchCmd
	path string
}

func (l *redisLoad) run(ctx context.Context, t *target, w workload) (result, error) {
	host, port, err := net.SplitHostPort(t.addr)
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, l.path, "-h", host, "-p", port, "-t", w.Test, "-P", strconv.Itoa(w.Pipeline),
		"-n", strconv.Itoa(l.Requests), "-c", strconv.Itoa(l.Clients), "-d", strconv.Itoa(l.ValueSize), "-r", strconv.Itoa(l.Keys))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("redis-benchmark: %w\n%s", err, out)
	}
	return parseRedisBenchmark(string(out))
}

var (
	throughputLine = regexp.MustCompile(`throughput summary: ([0-9.]+) requests per second`)
	percentileLine = regexp.MustCompile(`([0-9.]+)% <= ([0-9.]+) milliseconds`)
)

// parseRedisBenchmark reads what redis-benchmark prints for one test.
func parseRedisBenchmark(out string) (r result, err error) {
	rate := throughputLine.FindStringSubmatch(out)
	if rate == nil {
		return r, fmt.Errorf("no throughput in what redis-benchmark printed:\n%s", out)
	}
	r.PerSecond, _ = strconv.ParseFloat(rate[1], 64)
	// Later lines of the same form are of a cumulative histogram; the first
	// that reaches a percentile counts.
	found := [3]bool{}
	for _, line := range percentileLine.FindAllStringSubmatch(out, -1) {
		share, _ := strconv.ParseFloat(line[1], 64)
		ms, _ := strconv.ParseFloat(line[2], 64)
		for i, p := range []struct {
			share float64
			to    *float64
		}{{50, &r.P50}, {99, &r.P99}, {99.9, &r.P999}} {
			if !found[i] && share >= p.share {
				*p.to, found[i] = ms, true
			}
		}
	}
	return r, nil
}

// ownLoad makes the load itself.
type ownLoad struct{ *benchCmd }

func (l *ownLoad) run(ctx context.Context, t *target, w workload) (result, error) {
	group, ctx := errgroup.WithContext(ctx)
	took := make([][]time.Duration, l.Clients)
	start := time.Now()
	for i := range took {
		share := l.Requests / l.Clients
		if i < l.Requests%l.Clients {
			share++
		}
		group.Go(func() (err error) {
			took[i], err = l.client(ctx, t, w, share)
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

// client sends its share of the requests over one connection, and returns how
// long each pipeline took.
func (l *ownLoad) client(ctx context.Context, t *target, w workload, share int) (took []time.Duration, err error) {
	conn, err := net.Dial("tcp", t.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	in := bufio.NewReaderSize(conn, 64<<10)
	value := bytes.Repeat([]byte("v"), l.ValueSize)
	took = make([]time.Duration, 0, share/w.Pipeline+1)
	var out []byte
	for share > 0 {
		n := min(share, w.Pipeline)
		out = out[:0]
		for range n {
			out = l.appendCommand(out, w.Test, value)
		}
		replies := n
		if t.wait && w.Test != "get" {
			out = appendWords(out, "WAIT", "1", "0")
			replies++
		}
		start := time.Now()
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

func (l *ownLoad) appendCommand(dst []byte, test string, value []byte) []byte {
	key := func() string { return fmt.Sprintf("key:%012d", rand.IntN(l.Keys)) }
	switch test {
	case "get":
		return appendWords(dst, "GET", key())
	case "incr":
		return appendWords(dst, "INCR", "counter:"+key())
	case "mset":
		words := []string{"MSET"}
		for range 10 {
			words = append(words, key(), string(value))
		}
		return appendWords(dst, words...)
	default:
		return appendWords(dst, "SET", key(), string(value))
	}
}

func appendWords(dst []byte, words ...string) []byte {
	dst = append(strconv.AppendInt(append(dst, '*'), int64(len(words)), 10), "\r\n"...)
	for _, w := range words {
		dst = append(strconv.AppendInt(append(dst, '$'), int64(len(w)), 10), "\r\n"...)
		dst = append(append(dst, w...), "\r\n"...)
	}
	return dst
}

// skipReply reads one reply that is no array. An error reply ends the run.
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
	case '-':
		return errors.New(strings.TrimSpace(string(line[1:])))
	}
	return fmt.Errorf("unexpected reply %q", line)
}

// askOnce sends an inline command over a connection of its own and returns the
// first line of the reply.
func askOnce(addr, command string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, command); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), err
}

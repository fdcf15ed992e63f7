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
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// target is a system under load: processes on loopback.
type target struct {
	name  string
	addrs []string // client addresses; of Redis only the master's
	procs []*process
}

// process is one process of a target.
type process struct {
	cmd    *exec.Cmd
	output bytes.Buffer // owned by cmd until it has ended
	done   chan error
}

// Bounds of starting and stopping a process.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
)

// launch starts a process of a target.
func (t *target) launch(path string, args ...string) error {
	p := &process{cmd: exec.Command(path, args...), done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(path), err)
	}
	go func() { p.done <- p.cmd.Wait() }() // stop receives it
	t.procs = append(t.procs, p)
	return nil
}

// stop sends SIGTERM to the processes, and kills those that have not ended after
// stopTimeout.
func (t *target) stop() (err error) {
	for _, p := range t.procs {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended already
	}
	for _, p := range t.procs {
		select {
		case <-p.done:
		case <-time.After(stopTimeout):
			err = errors.Join(err, p.cmd.Process.Kill())
			<-p.done
		}
	}
	return err
}

// cpu returns the CPU time that all processes together have used.
func (t *target) cpu() (sum time.Duration, known bool) {
	for _, p := range t.procs {
		used, ok := processTime(p.cmd.Process.Pid)
		if !ok {
			return 0, false
		}
		sum += used
	}
	return sum, true
}

// ready waits until the newest process, which serves addr, answers command with
// want.
func (t *target) ready(ctx context.Context, addr, command, want string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p := t.procs[len(t.procs)-1]
	for {
		if got, err := askOnce(addr, command); err == nil && got == want {
			return nil
		}
		select {
		case err := <-p.done:
			p.done <- err
			return fmt.Errorf("%s ended: %w\n%s", t.name, err, p.output.String())
		case <-ctx.Done():
			return fmt.Errorf("%s at %s has not answered %q with %s within %v: %w", t.name, addr, strings.TrimSpace(command), want, startTimeout, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// unusedPorts finds n loopback addresses that are free now. The ports lie below the
// range of outgoing connections: a run makes many of those, and one of them could
// take the port before the server does.
func unusedPorts(n int) (addrs []string, err error) {
	const first, last = 31100, 31999
	var held []net.Listener
	defer func() {
		for _, l := range held {
			err = errors.Join(err, l.Close())
		}
	}()
	for _, i := range rand.Perm(last - first + 1) {
		if len(addrs) == n {
			return addrs, nil
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+i)))
		if err != nil {
			continue // in use
		}
		held = append(held, l)
		addrs = append(addrs, l.Addr().String())
	}
	return nil, fmt.Errorf("fewer than %d ports from %d to %d are free: end the programs that use them", n, first, last)
}

// askOnce sends an inline command over a new connection and returns the first line
// of the reply.
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

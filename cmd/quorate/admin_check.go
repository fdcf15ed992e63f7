package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/problem"
)

// adminCheck is `quorate admin check`.
type adminCheck struct {
	Wait    bool          `help:"Wait until it is safe."`
	Timeout time.Duration `placeholder:"DURATION" help:"With --wait: give up after this time; default: never."`
}

// errNotSafe says that no node should be stopped now. Why has been printed.
var errNotSafe = errors.New("not safe to stop a node now")

// How often a check looks at the cluster, and for how long it does without --wait: copies
// that clients write to differ for moments, and are equal at one of several looks.
const (
	checkInterval = 500 * time.Millisecond
	checkTime     = 3 * time.Second
)

// Run implements the command.
func (c adminCheck) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	limit := c.Timeout
	if !c.Wait {
		limit = checkTime
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	return cli.Admin.awaitSafe(ctx, con.out, &portView{port: port}, c.Wait)
}

// awaitSafe is [awaitSafe] that prints as the flags say. A wait shows how far the work is that
// nodes do meanwhile: hints that are delivered, data that moves, Merkle trees that are rebuilt.
func (c *adminCmd) awaitSafe(ctx context.Context, out io.Writer, cluster looker, wait bool) error {
	if !c.JSON {
		told := &progress{out: out}
		look := func() (string, error) { return awaitSafe(ctx, told.say, cluster, wait) }
		if wait {
			return told.during(ctx, cluster, look)
		}
		last, err := look()
		told.say(last)
		return err
	}
	var text strings.Builder
	last, err := awaitSafe(ctx, func(reasons string) { text.WriteString(reasons) }, cluster, wait)
	if err != nil && !errors.Is(err, errNotSafe) {
		return err
	}
	answer := checkAnswer{Safe: err == nil, Reasons: []string{}}
	if err != nil {
		answer.Reasons = strings.Split(strings.TrimSuffix(text.String()+last, "\n"), "\n")
	}
	return errors.Join(printJSON(out, answer), err)
}

// checkAnswer is the answer of a check with --json.
type checkAnswer struct {
	Safe    bool     `json:"safe"`
	Reasons []string `json:"reasons"` // with --wait: all there were
}

// restartView is what a check looks at.
type restartView struct {
	cluster  api.Cluster
	problems api.Problems
	merkle   api.Merkle
}

// looker takes looks at a cluster.
type looker interface {
	look(ctx context.Context) (restartView, error)
	Operations(ctx context.Context) (api.Operations, error)
}

// portView looks through an admin port.
type portView struct {
	port   *api.Client
	drains string // the node that drains, which is no problem; empty: none
}

func (p *portView) look(ctx context.Context) (v restartView, err error) {
	if v.cluster, err = p.port.Cluster(ctx); err != nil {
		return v, err
	}
	if v.problems, err = p.port.Problems(ctx); err != nil {
		return v, err
	}
	v.problems.Problems = slices.DeleteFunc(v.problems.Problems, func(found api.Problem) bool {
		return found.Kind == problem.NodeDrains && found.Node == p.drains
	})
	v.merkle, err = p.port.Merkle(ctx)
	return v, err
}

func (p *portView) Operations(ctx context.Context) (api.Operations, error) {
	return p.port.Operations(ctx)
}

// awaitSafe looks until a node may be stopped, or until ctx ends, and returns the last word. While
// it waits it says the reasons: when others come or go, and when only their numbers change, now
// and then. Without wait it stops looking when a reason will not end by itself in a moment.
func awaitSafe(ctx context.Context, say func(string), cluster looker, wait bool) (last string, err error) {
	var check restartCheck
	var told struct {
		text string
		at   time.Time
	}
	for {
		v, err := cluster.look(ctx)
		var reasons []string
		switch {
		case err == nil:
			reasons = check.reasons(v)
		case ctx.Err() != nil:
			return "", errNotSafe
		case !wait:
			return "", err
		default: // the port's own node may be the one that restarts
			reasons, check = []string{err.Error()}, restartCheck{}
		}
		if err == nil && len(reasons) == 0 {
			return "safe to stop one node\n" + wholeQuorum(v.cluster), nil
		}
		text := strings.Join(reasons, "\n") + "\n"
		if now := time.Now(); wait && text != told.text && (withoutNumbers(text) != withoutNumbers(told.text) || now.Sub(told.at) >= progressEvery) {
			say(text)
			told.text, told.at = text, now
		}
		stop := !wait && check.open == nil
		if !stop {
			stop = !sleepUntil(ctx, checkInterval)
		}
		switch {
		case stop && text == told.text:
			return "", errNotSafe
		case stop:
			return text, errNotSafe
		}
	}
}

// withoutNumbers returns a text without those of its words that are numbers.
func withoutNumbers(text string) string {
	words := slices.DeleteFunc(strings.Fields(text), func(word string) bool {
		_, err := strconv.Atoi(strings.Trim(word, "(),:;"))
		return err == nil
	})
	return strings.Join(words, " ")
}

// sleepUntil waits; it returns false if ctx has ended.
func sleepUntil(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// wholeQuorum says so if requests need all members: they fail while one is stopped.
func wholeQuorum(v api.Cluster) string {
	if q := v.Effective; len(v.Nodes) == q.R || len(v.Nodes) == q.W {
		return fmt.Sprintf("but requests that need all %d nodes (r=%d w=%d) fail meanwhile\n", len(v.Nodes), q.R, q.W)
	}
	return ""
}

// replicaPair names two copies of a partition.
type replicaPair struct {
	a, b      string
	partition int
}

// restartCheck knows which copies have differed at every look so far. It begins anew when
// anything else is in the way.
type restartCheck struct{ open map[replicaPair]bool }

// reasons says why no node should be stopped; nothing: one may be.
func (c *restartCheck) reasons(v restartView) (why []string) {
	for _, m := range v.cluster.Nodes {
		switch {
		case m.Status != "up":
			why = append(why, fmt.Sprintf("%s is %s", m.Name, m.Status))
		case m.Hints == nil:
			why = append(why, fmt.Sprintf("the hints on %s are not known", m.Name))
		case *m.Hints > 0:
			why = append(why, fmt.Sprintf("%s on %s to be delivered", countOf(int(*m.Hints), "hint"), m.Name))
		}
	}
	if v.cluster.InTransition {
		why = append(why, "data moves to new owners")
	}
	for _, p := range v.problems.Problems {
		if p.Kind != problem.VersionMix && p.Kind != problem.NodeDown { // as during an upgrade; named above
			why = append(why, p.What)
		}
	}
	known := len(why) == 0 // else the reason is among those
	for _, p := range v.merkle.Pairs {
		if known && p.Unknown > 0 {
			why = append(why, fmt.Sprintf("whether %s and %s are equal is not known of %s", p.A, p.B, countOf(p.Unknown, "partition")))
		}
	}
	if len(why) > 0 {
		c.open = nil
		return why
	}
	c.differ(v.merkle.Pairs)
	if len(c.open) > 0 {
		why = append(why, fmt.Sprintf("copies still differ: %s, on %s", countOf(len(c.open), "pair"), holders(c.open)))
	}
	return why
}

// differ notes which copies differ at this look, of those that differed before.
func (c *restartCheck) differ(pairs []api.Pair) {
	now := make(map[replicaPair]bool)
	for _, p := range pairs {
		for _, partition := range p.Diverged {
			if pair := (replicaPair{p.A, p.B, partition}); c.open == nil || c.open[pair] {
				now[pair] = true
			}
		}
	}
	c.open = now
}

// holders names the nodes whose copies differ.
func holders(open map[replicaPair]bool) string {
	nodes := make(map[string]bool)
	for pair := range open {
		nodes[pair.a], nodes[pair.b] = true, true
	}
	return strings.Join(slices.Sorted(maps.Keys(nodes)), ", ")
}

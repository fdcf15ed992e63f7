package e2e

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
)

// B's data directory is put back from a copy of a clean stop. What B has acknowledged since,
// together with A alone, is on A only; what was deleted since is alive on B. Then A, of all
// nodes, loses its disk.
func TestRestored_DirectoryFromAnOlderCopy_LosesNoWriteAndUndoesNoDelete(t *testing.T) {
	const keys, deleted = 500, 100
	f := newFleet(t, 3)
	a, b, c := f.nodes[0], f.nodes[1], f.nodes[2]
	name := func(i int) string { return fmt.Sprint("k", i) }
	write := func(through *node, value string) {
		t.Helper()
		batch(t, through.dial(t), keys, func(p redis.Pipeliner, i int) { p.Set(t.Context(), name(i), value, 0) })
	}
	check := func(when string) {
		t.Helper()
		for _, n := range f.nodes {
			if !n.running() {
				continue
			}
			lost, undone := 0, 0
			client := n.dial(t)
			for i := range keys + deleted {
				got := ""
				within(t, patience, "an answer", func() (err error) { // streams may not stand yet
					if got, err = client.Get(t.Context(), name(i)).Result(); errors.Is(err, redis.Nil) {
						err = nil
					}
					return err
				})
				switch {
				case i < keys && got != "new":
					lost++
					t.Logf("%s through %s: %q", name(i), n.name, got)
				case i >= keys && got != "":
					undone++
				}
			}
			if lost+undone > 0 {
				t.Fatalf("%s, through %s: %d of %d acknowledged writes lost, %d of %d deletions undone", when, n.name, lost, keys, undone, deleted)
			}
		}
	}
	write(a, "old")
	batch(t, a.dial(t), deleted, func(p redis.Pipeliner, i int) { p.Set(t.Context(), name(keys+i), "old", 0) })
	f.awaitIdentical(3)

	b.stop()
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(b.dir)); err != nil {
		t.Fatal(err)
	}
	b.restart()
	f.awaitPlaces()
	c.kill()
	f.awaitDown(a, c)
	write(b, "mid")
	write(b, "new")
	batch(t, b.dial(t), deleted, func(p redis.Pipeliner, i int) { p.Del(t.Context(), name(keys+i)) })
	b.stop()
	if err := os.RemoveAll(b.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(b.dir, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	b.restart()
	c.restart()
	check("at once")
	if err := b.log.has("older than what the node has been"); err != nil {
		t.Error(err)
	}
	f.awaitFilled()
	f.awaitPlaces()
	f.awaitIdentical(3)
	check("when B is filled")

	a.kill()
	if err := os.RemoveAll(a.dir); err != nil {
		t.Fatal(err)
	}
	f.awaitDown(b, a)
	check("without A")
}

// batch carries out one command for each number below keys, in pipelines.
func batch(t testing.TB, client *redis.Client, keys int, command func(p redis.Pipeliner, i int)) {
	t.Helper()
	const at = 100
	for from := 0; from < keys; from += at {
		_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := from; i < min(from+at, keys); i++ {
				command(p, i)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// awaitDown waits until a node takes another one for dead.
func (f *fleet) awaitDown(by, dead *node) {
	f.t.Helper()
	within(f.t, patience, dead.name+" known to be dead", func() error {
		var v view
		if err := by.get("/api/cluster", &v); err != nil {
			return err
		}
		for _, m := range v.Nodes {
			if m.Name == dead.name && m.Alive {
				return fmt.Errorf("%s takes it for alive", by.name)
			}
		}
		return nil
	})
}

// awaitFilled waits until no node is being filled by the others.
func (f *fleet) awaitFilled() {
	f.t.Helper()
	within(f.t, patience, "every node filled", func() error {
		for _, n := range f.nodes {
			var v struct{ Here struct{ Refilling string } }
			if err := n.get("/api/node", &v); err != nil {
				return err
			}
			if v.Here.Refilling != "" {
				return fmt.Errorf("%s: %s", n.name, v.Here.Refilling)
			}
		}
		return nil
	})
}

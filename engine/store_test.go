package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

func TestOpen_WrongDirectory_SaysWhy(t *testing.T) {
	mem := vfs.NewMem()
	o := testOptions(mem)
	s := open(t, o)
	wantErr := func(o Options, sentinel error, texts ...string) {
		t.Helper()
		other, err := Open(o)
		if err == nil {
			_ = other.Close()
		}
		if !errors.Is(err, sentinel) {
			t.Fatalf("%v, want %v", err, sentinel)
		}
		for _, text := range texts {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%q does not tell %q", err, text)
			}
		}
	}
	wantErr(o, ErrLocked, "data")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := o
	other.Self, other.Name = testNode+1, "B"
	wantErr(other, ErrOtherOwner, "data", "A", "B")
	other = o
	other.Partitions = 32
	wantErr(other, ErrOtherFormat, "16", "32")
	if s := open(t, o); !s.Merkle().Ready() {
		t.Error("refused openers made the stop unclean")
	}
}

func TestOpen_LockedOnDisk_NamesDirectory(t *testing.T) {
	o := testOptions(nil)
	o.Dir = t.TempDir()
	open(t, o)
	if _, err := Open(o); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), o.Dir) {
		t.Fatalf("%v", err)
	}
}

func TestOpen_DirectoryCannotBeMade_SaysWhy(t *testing.T) {
	o := testOptions(nil)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Dir = filepath.Join(file, "data")
	if _, err := Open(o); !errors.Is(err, ErrNoDirectory) || !errors.Is(err, syscall.ENOTDIR) || !strings.Contains(err.Error(), file) {
		t.Fatalf("%v", err)
	}
}

func TestOptions_Faults_AreReportedTogether(t *testing.T) {
	o := Options{Partitions: 3, SyncEvery: -1, Durability: 9}
	err := o.Validate()
	for _, text := range []string{"data directory", "node", "partitions 3", "sync interval", "durability"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not mention %q", err, text)
		}
	}
}

func TestStore_Reopen_KeepsObjectsAndStatistics(t *testing.T) {
	o := testOptions(vfs.NewMem())
	s := open(t, o)
	for i := range 300 {
		write(t, s, ring.Partition(i%16), fmt.Sprint(i), data("v"))
	}
	roots := s.Merkle().Roots(nil)
	if err := s.State().Save("ring", []byte("state")); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > hung {
		t.Errorf("close took %v", took)
	}
	s = open(t, o)
	audit(t, s)
	if fmt.Sprint(s.Merkle().Roots(nil)) != fmt.Sprint(roots) || !s.Merkle().Ready() {
		t.Error("the trees did not survive a clean stop")
	}
	if got, err := s.State().Load("ring"); string(got) != "state" || err != nil {
		t.Errorf("state %q, %v", got, err)
	}
	if got, err := s.State().Load("none"); got != nil || err != nil {
		t.Errorf("state %q, %v", got, err)
	}
}

// TestStore_LoseData_KeepsWhoItIsAndNothingElse: after any kind of stop.
func TestStore_LoseData_KeepsWhoItIsAndNothingElse(t *testing.T) {
	for what, stop := range map[string]func(*Store){
		"closed": func(s *Store) { _ = s.Close() }, "crashed": (*Store).Crash,
	} {
		clock := newTestClock()
		o := testOptions(vfs.NewMem())
		o.Now = clock.now
		s := open(t, o)
		if err := s.State().Save("ring", []byte("mine")); err != nil {
			t.Fatal(err)
		}
		lost := &put{s: s, value: data("1")}
		apply(t, s, &Record{Partition: 3, Key: []byte("k"), Edit: lost},
			&Record{Partition: 3, Key: []byte("h"), Edit: &put{s: s, value: data("2")}, Hint: 7})
		write(t, s, 4, "mortal", object.Value{Data: []byte("3"), Expiry: clock.now().Add(time.Minute).UnixMilli()})
		if s.DiskLoss().Unrepaired() {
			t.Errorf("%s: a new store lacks something", what)
		}
		stop(s)
		o.LoseData = true
		s = open(t, o)
		wantValues(t, s, 3, "k")
		wantValues(t, s, 4, "mortal")
		if targets := s.Hints().Targets(); len(targets) > 0 {
			t.Errorf("%s: hints for %v remain", what, targets)
		}
		if roots := s.Merkle().Roots(nil); !s.Merkle().Ready() || roots[3] != 0 || roots[4] != 0 {
			t.Errorf("%s: ready %v, merkle roots %v", what, s.Merkle().Ready(), roots)
		}
		if live, total := s.Partitions().Keys(3); live != 0 || total != 0 {
			t.Errorf("%s: %d keys, %d live", what, total, live)
		}
		if state, err := s.State().Load("ring"); err != nil || string(state) != "mine" {
			t.Errorf("%s: state %q, %v", what, state, err)
		}
		next := &put{s: s, value: data("4")}
		apply(t, s, &Record{Partition: 3, Key: []byte("k"), Edit: next})
		if next.dot.Actor.Epoch <= lost.dot.Actor.Epoch {
			t.Errorf("%s: dot %v after %v, in no newer epoch", what, next.dot, lost.dot)
		}
		o.LoseData = false
		stop(s)
		s = open(t, o)
		wantValues(t, s, 3, "k", "4")
		if !s.DiskLoss().Unrepaired() {
			t.Errorf("%s: what was lost came back by itself", what)
		}
		if err := s.DiskLoss().MarkRepaired(); err != nil || s.DiskLoss().Unrepaired() {
			t.Errorf("%s: filled: %v, lacking %v", what, err, s.DiskLoss().Unrepaired())
		}
		stop(s)
		if open(t, o).DiskLoss().Unrepaired() {
			t.Errorf("%s: it lacks something again", what)
		}
	}
}

func TestScan_Chunks_YieldEachKeyOnceInOrder(t *testing.T) {
	s := openMem(t)
	const n = 2000
	for i := range n {
		apply(t, s, &Record{Partition: 5, Key: fmt.Append(nil, i), Merge: foreign(7, 1, 1, data("v"))})
	}
	write(t, s, 4, "before", data("v"))
	write(t, s, 6, "behind", data("v"))
	var last Entry
	seen, fromMiddle, leaves := 0, 0, 0
	for e, err := range s.Scan(5, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Hash != Hash32(e.Key) || seen > 0 && (e.Hash < last.Hash || e.Hash == last.Hash && bytes.Compare(e.Key, last.Key) <= 0) {
			t.Fatalf("%q after %q", e.Key, last.Key)
		}
		last = Entry{Hash: e.Hash, Key: bytes.Clone(e.Key)}
		seen++
		if e.Hash >= 1<<31 {
			fromMiddle++
		}
	}
	for range s.Scan(5, 1<<31) {
		fromMiddle--
	}
	for leaf := range Leaves {
		lower, upper := leafBounds(5, leaf, leaf+1)
		for e := range s.entries(s.db.objectChunks(s.db.pebble, lower, upper), wholeObject) {
			if int(e.Hash>>22) != leaf {
				t.Fatalf("%q is not in leaf %d", e.Key, leaf)
			}
			leaves++
		}
	}
	if seen != n || fromMiddle != 0 || leaves != n {
		t.Fatalf("%d keys, %d in leaves, %d off from the middle", seen, leaves, fromMiddle)
	}
}

// TestMerkleNodes_AgreeWithEachOther rebuilds each level from the one below.
func TestMerkleNodes_AgreeWithEachOther(t *testing.T) {
	s := openMem(t)
	if s.Merkle().Roots(nil)[1] != 0 {
		t.Error("an empty partition has a root")
	}
	for i := range 40 {
		write(t, s, 1, fmt.Sprint(i), data("v"))
	}
	for level := range MerkleLevels - 1 {
		nodes := s.Merkle().Nodes(1, level, nil)
		below := s.Merkle().Nodes(1, level+1, nil)
		if len(nodes) != 1<<(2*level) {
			t.Fatalf("level %d has %d nodes", level, len(nodes))
		}
		for i, node := range nodes {
			empty := true
			for _, child := range below[i*MerkleFanout : (i+1)*MerkleFanout] {
				empty = empty && child == 0
			}
			if empty != (node == 0) {
				t.Errorf("level %d node %d is %x over %x", level, i, node, below[i*MerkleFanout:(i+1)*MerkleFanout])
			}
		}
	}
	if root := s.Merkle().Nodes(1, 0, []int{0, 1, -1}); root[0] != s.Merkle().Roots(nil)[1] || root[1] != 0 || root[2] != 0 {
		t.Errorf("root %x, out of range %x", root[0], root[1:])
	}
	before := s.Merkle().Roots(nil)[1]
	r := write(t, s, 1, "7", data("changed"))
	if s.Merkle().Roots(nil)[1] == before {
		t.Error("a write left the root as it was")
	}
	other := openMem(t)
	for e, err := range s.Scan(1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		apply(t, other, &Record{Partition: 1, Key: bytes.Clone(e.Key), Merge: bytes.Clone(e.Object)})
	}
	if other.Merkle().Roots(nil)[1] != s.Merkle().Roots(nil)[1] {
		t.Errorf("equal partitions have other roots; %d bytes last stored", len(r.Stored))
	}
}

func TestRun_Interval_SyncsAndSweepsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewCrashableMem()
		o := testOptions(fs)
		o.Durability = Interval
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		v := data("v")
		v.Expiry = time.Now().Add(10 * time.Second).UnixMilli()
		write(t, s, 0, "k", v)
		time.Sleep(1100 * time.Millisecond)
		if n := s.Metrics().Syncs; n != 1 {
			t.Errorf("%d syncs after a second, want 1", n)
		}
		disk := powerCut(fs, 0, 0)
		time.Sleep(11 * time.Second)
		if live, total := s.Partitions().Keys(0); live != 0 || total != 1 || s.Metrics().Expired != 1 {
			t.Errorf("%d live of %d after its expiry", live, total)
		}
		if n := s.Metrics().Syncs; n > 2 {
			t.Errorf("%d syncs with nothing to sync", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		o.FS = disk
		if s, err = Open(o); err != nil {
			t.Fatal(err)
		}
		wantValues(t, s, 0, "k", "v")
		s.Crash()
	})
}

func TestMemtableSize_DiffersWithinItsBound(t *testing.T) {
	const most = 16 << 20
	rng := rand.New(rand.NewPCG(1, 2))
	seen := make(map[uint64]bool)
	for range 100 {
		size := memtableSize(most, rng)
		if size < most/2 || size > most {
			t.Fatalf("%d bytes, want %d to %d", size, most/2, most)
		}
		seen[size] = true
	}
	if len(seen) < 50 {
		t.Errorf("%d different sizes in 100 starts", len(seen))
	}
}

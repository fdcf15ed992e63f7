package settings

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/core/wire"
)

// disk is a [Disk] in memory.
type disk struct {
	sync.Mutex
	saved  []byte
	saves  int
	broken error
}

func (d *disk) Save(name string, data []byte) error {
	d.Lock()
	defer d.Unlock()
	if name != "settings" {
		return errors.New("saved as " + name)
	}
	if d.broken != nil {
		return d.broken
	}
	d.saved = bytes.Clone(data)
	d.saves++
	return nil
}

func (d *disk) Load(string) ([]byte, error) {
	d.Lock()
	defer d.Unlock()
	return bytes.Clone(d.saved), d.broken
}

func open(t *testing.T, d *disk, flag register.Policy) *Store {
	t.Helper()
	s, err := Open(d, flag)
	check(t, err)
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func to(p register.Policy) func(*settings.Document) error {
	return func(d *settings.Document) error { return d.SetPolicy(1, p) }
}

func wantPolicy(t *testing.T, s *Store, want register.Policy) {
	t.Helper()
	if got := s.Policy(); got != want {
		t.Fatalf("policy %v, want %v", got, want)
	}
}

func TestStore_WithoutDocument_UsesTheFlagAndSavesNothing(t *testing.T) {
	d := new(disk)
	s := open(t, d, register.Refuse)
	wantPolicy(t, s, register.Refuse)
	if s.Digest() != 0 || d.saves != 0 || len(s.Changes()) != 0 {
		t.Errorf("digest %x, %d saves", s.Digest(), d.saves)
	}
}

func TestStore_Update_IsThereAfterARestart(t *testing.T) {
	d := new(disk)
	s := open(t, d, register.LWW)
	check(t, s.Update(to(register.MergeJSON)))
	wantPolicy(t, s, register.MergeJSON)
	again := open(t, d, register.Refuse)
	wantPolicy(t, again, register.MergeJSON)
	if again.Digest() != s.Digest() {
		t.Error("another document")
	}
}

// What could not be saved is not acted upon, and not told.
func TestStore_Update_NotSaved_ChangesNothing(t *testing.T) {
	d := new(disk)
	s := open(t, d, register.LWW)
	before := s.Document()
	d.broken = errors.New("disk is gone")
	if err := s.Update(to(register.Refuse)); !errors.Is(err, d.broken) {
		t.Fatalf("update: %v", err)
	}
	if err := s.Merge(settings.Founded(register.Refuse)); !errors.Is(err, d.broken) {
		t.Fatalf("merge: %v", err)
	}
	wantPolicy(t, s, register.LWW)
	if s.Document() != before || before.Digest() != 0 || len(s.Changes()) != 0 {
		t.Error("the document changed")
	}
}

func TestStore_Update_RefusedEdit_ChangesNothing(t *testing.T) {
	d := new(disk)
	s := open(t, d, register.LWW)
	refusal := errors.New("no")
	err := s.Update(func(doc *settings.Document) error {
		check(t, doc.SetPolicy(1, register.Refuse))
		return refusal
	})
	if !errors.Is(err, refusal) || s.Digest() != 0 || d.saves != 0 {
		t.Errorf("%v, digest %x, %d saves", err, s.Digest(), d.saves)
	}
}

func TestStore_Merge_KnownDocument_IsNotSavedAgain(t *testing.T) {
	d := new(disk)
	s := open(t, d, register.LWW)
	for range 3 {
		check(t, s.Merge(settings.Founded(register.Refuse)))
	}
	check(t, s.Update(func(*settings.Document) error { return nil }))
	if d.saves != 1 {
		t.Errorf("%d saves", d.saves)
	}
}

func TestStore_Changes_ManyChanges_AreOneNotice(t *testing.T) {
	s := open(t, new(disk), register.LWW)
	for range 10 {
		check(t, s.Update(to(register.Refuse)))
	}
	<-s.Changes()
	if len(s.Changes()) != 0 {
		t.Error("a second notice")
	}
	check(t, s.Update(to(register.LWW)))
	<-s.Changes()
}

// A newer node's settings stay, and its policy that this build does not know is not
// taken for another one.
func TestStore_NewerSettings_AreKept(t *testing.T) {
	d := new(disk)
	s := open(t, d, register.Refuse)
	check(t, s.Merge(settings.Founded(register.LWW)))
	check(t, s.Update(func(doc *settings.Document) error {
		return errors.Join(doc.Set(settings.Setting{Writer: 7, Name: settings.ConflictResolution, Value: "crdt"}), doc.Set(settings.Setting{Writer: 7, Name: "user/alice", Value: "on"}))
	}))
	wantPolicy(t, s, register.Refuse)
	again := open(t, d, register.LWW)
	wantPolicy(t, again, register.LWW)
	if got, ok := again.Document().Get("user/alice"); !ok || got.Value != "on" {
		t.Errorf("%+v, %v", got, ok)
	}
}

func TestOpen_MangledDocument_IsRefused(t *testing.T) {
	if _, err := Open(&disk{saved: []byte{1, 1}}, register.LWW); !errors.Is(err, wire.ErrCorrupt) {
		t.Errorf("%v", err)
	}
	gone := errors.New("disk is gone")
	if _, err := Open(&disk{broken: gone}, register.LWW); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

func TestStore_Policy_AllocatesNothing(t *testing.T) {
	s := open(t, new(disk), register.LWW)
	check(t, s.Update(to(register.MergeJSON)))
	if n := testing.AllocsPerRun(100, func() { s.Policy() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestStore_ConcurrentUpdates_AreAllThere(t *testing.T) {
	s := open(t, new(disk), register.LWW)
	const writers, each = 8, 20
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if err := s.Update(to(register.Refuse)); err != nil {
					t.Error(err)
				}
				s.Policy()
			}
		})
	}
	wg.Wait()
	if got, _ := s.Document().Get(settings.ConflictResolution); got.Version != 1+writers*each {
		t.Errorf("version %d", got.Version)
	}
}

package settings

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/settings"
)

// stateName is the name under which the disk keeps the document.
const stateName = "settings"

// Disk keeps small pieces of a node's state: engine.State. Save returns once the
// data is safe; Load returns nil for what was never saved.
type Disk interface {
	Save(name string, data []byte) error
	Load(name string) ([]byte, error)
}

// Store holds this node's copy of the cluster's settings. Its methods may be called
// from any goroutine. Make it with [Open].
type Store struct {
	disk    Disk
	flag    register.Policy
	current atomic.Pointer[loaded]
	changes chan struct{}

	mu sync.Mutex // held by one change at a time, also while it is saved
}

// loaded is a document that is saved, and what is derived from it.
type loaded struct {
	document *settings.Document // never changed
	digest   uint64
	policy   register.Policy
}

// Open loads the document from the disk. flag is the policy of a node whose document has
// none, or one that this build does not know.
func Open(disk Disk, flag register.Policy) (*Store, error) {
	s := &Store{disk: disk, flag: flag, changes: make(chan struct{}, 1)}
	data, err := disk.Load(stateName)
	if err != nil {
		return nil, fmt.Errorf("load the cluster's settings: %w", err)
	}
	document := new(settings.Document)
	if data != nil {
		if document, err = settings.Decode(data); err != nil {
			return nil, fmt.Errorf("saved settings of the cluster: %w", err)
		}
	}
	s.show(document)
	return s, nil
}

func (s *Store) show(document *settings.Document) {
	v := &loaded{document: document, digest: document.Digest(), policy: s.flag}
	if p, ok := document.Policy(); ok {
		v.policy = p
	}
	s.current.Store(v)
}

// Policy returns the conflict policy in force.
func (s *Store) Policy() register.Policy { return s.current.Load().policy }

// Digest returns the digest of the document; 0 if it has no settings.
func (s *Store) Digest() uint64 { return s.current.Load().digest }

// Document returns the current document, which the caller must not change.
func (s *Store) Document() *settings.Document { return s.current.Load().document }

// Update applies a change of the document. When it returns nil, the result is saved and
// in force. On an error nothing has changed, except that a document which could not be
// saved for certain may be there after a restart.
func (s *Store) Update(edit func(*settings.Document) error) error {
	return s.update(func(d *settings.Document) (bool, error) {
		before := d.Digest()
		if err := edit(d); err != nil {
			return false, err
		}
		return d.Digest() != before, nil
	})
}

// Merge takes in the document of another node. It saves nothing if there is nothing new.
func (s *Store) Merge(other *settings.Document) error {
	return s.update(func(d *settings.Document) (bool, error) { return d.Merge(other) })
}

func (s *Store) update(edit func(*settings.Document) (bool, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.Document().Clone()
	changed, err := edit(next)
	if err != nil || !changed {
		return err
	}
	if err := s.disk.Save(stateName, next.Encode()); err != nil {
		return fmt.Errorf("save the cluster's settings: %w", err)
	}
	s.show(next)
	select {
	case s.changes <- struct{}{}:
	default: // a signal is waiting already; its reader takes the newest document
	}
	return nil
}

// Changes returns a channel that has an element when the document has changed since the
// last one was taken. It is for one reader.
func (s *Store) Changes() <-chan struct{} { return s.changes }

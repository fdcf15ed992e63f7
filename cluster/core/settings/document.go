package settings

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/quorate/quorate/cluster/core/causal"
)

// What a document may hold.
const (
	MaxSettings = 1024     // in one document
	MaxName     = 128      // bytes of a name
	MaxValue    = 16 << 10 // bytes of a value
)

// Errors that a Document's methods return, wrapped.
var (
	ErrBadSetting      = errors.New("bad setting")
	ErrTooManySettings = errors.New("too many settings")
)

// Versions of values that come from a flag, which no node is the writer of: equal flags
// make equal registers on every node. The changes of operators have greater versions.
const (
	assumed = 0 // by a node that has a ring, but has never had a document
	founded = 1 // by the founders of a cluster

	// maxVersion keeps numbers exact wherever JSON is read, and leaves no room for a
	// mangled document to use up the versions.
	maxVersion = 1 << 53
)

// Setting is one register of a document.
type Setting struct {
	Name    string
	Value   string
	Version uint64        // each change by an operator adds one
	Writer  causal.NodeID // 0: a flag
}

func (s Setting) compare(o Setting) int {
	return cmp.Or(cmp.Compare(s.Version, o.Version), cmp.Compare(s.Writer, o.Writer), cmp.Compare(s.Value, o.Value))
}

func (s Setting) validate() error {
	switch {
	case s.Name == "" || len(s.Name) > MaxName:
		return fmt.Errorf("%w: a name of %d bytes, want 1 to %d", ErrBadSetting, len(s.Name), MaxName)
	case !utf8.ValidString(s.Name) || slices.ContainsFunc([]rune(s.Name), unicode.IsControl):
		return fmt.Errorf("%w: name %q is not plain text", ErrBadSetting, s.Name)
	case len(s.Value) > MaxValue:
		return fmt.Errorf("%w: %s has a value of %d bytes, at most %d", ErrBadSetting, s.Name, len(s.Value), MaxValue)
	case s.Version > maxVersion:
		return fmt.Errorf("%w: %s has version %d, at most %d", ErrBadSetting, s.Name, s.Version, uint64(maxVersion))
	case s.Version <= founded && s.Writer != 0 || s.Version > founded && s.Writer == 0:
		return fmt.Errorf("%w: %s has version %d and writer %x, but versions above %d have a writer, and no others", ErrBadSetting, s.Name, s.Version, uint64(s.Writer), founded)
	}
	return nil
}

// Document is what the whole cluster agrees on besides its ring. The zero value is a
// document without settings.
type Document struct {
	settings map[string]Setting
}

// Clone returns a copy that can be changed independently.
func (d *Document) Clone() *Document { return &Document{settings: maps.Clone(d.settings)} }

// Get returns the setting of that name, if the document has it.
func (d *Document) Get(name string) (Setting, bool) {
	s, ok := d.settings[name]
	return s, ok
}

// Settings returns all settings, also those that this build does not know, sorted by
// name.
func (d *Document) Settings() []Setting {
	list := make([]Setting, 0, len(d.settings))
	for _, name := range slices.Sorted(maps.Keys(d.settings)) {
		list = append(list, d.settings[name])
	}
	return list
}

// Set changes a setting, as an operator's word given to the node s.Writer. It wins
// over everything that the document has seen, whatever s.Version says. On an error
// the document is unchanged.
func (d *Document) Set(s Setting) error {
	s.Version = max(d.settings[s.Name].Version, founded) + 1
	return d.put(s)
}

func (d *Document) put(s Setting) error {
	if err := s.validate(); err != nil {
		return err
	}
	if _, known := d.settings[s.Name]; !known && len(d.settings) == MaxSettings {
		return fmt.Errorf("%w: %s would be one more than %d", ErrTooManySettings, s.Name, MaxSettings)
	}
	if d.settings == nil {
		d.settings = make(map[string]Setting)
	}
	d.settings[s.Name] = s
	return nil
}

// Merge joins other into d and reports whether that changed d. It is commutative,
// associative and idempotent. A document that brings more names than [MaxSettings] is
// refused by [ErrTooManySettings], and d is unchanged. Merge does not change other.
func (d *Document) Merge(other *Document) (changed bool, err error) {
	if n := d.namesWith(other); n > MaxSettings {
		return false, fmt.Errorf("%w: %d together, at most %d", ErrTooManySettings, n, MaxSettings)
	}
	for name, theirs := range other.settings {
		if ours, known := d.settings[name]; known && theirs.compare(ours) <= 0 {
			continue
		}
		if d.settings == nil {
			d.settings = make(map[string]Setting, len(other.settings))
		}
		d.settings[name] = theirs
		changed = true
	}
	return changed, nil
}

func (d *Document) namesWith(other *Document) int {
	n := len(d.settings)
	for name := range other.settings {
		if _, known := d.settings[name]; !known {
			n++
		}
	}
	return n
}

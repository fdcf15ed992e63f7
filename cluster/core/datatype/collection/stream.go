package collection

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// The ops of streams.
const (
	StreamAdd    Op = 60 // Args: the new id (see NewID), the fields (see AppendFields), a trim or nothing (see Trim); Number: unix milliseconds; Flags: IfPresent; Seed
	StreamDelete Op = 61 // Args: ids
	StreamTrim   Op = 62 // Args: a trim
	StreamSetID  Op = 63 // Args: the last id, the greatest deleted id, how many entries were added in decimal (-1: as many as now)
	StreamStore  Op = 64 // Args: name, data, and so on. A store, as SetStore
)

// A stream has an element for each entry, whose name is its id, and whose data are its fields.
//
// The ids of entries that are gone must not be given again. So who removes entries leaves a mark: an
// element without data, whose name is the greatest id that there has been, the greatest one that
// XDEL has removed, and how many entries are gone. Of several marks, which were made concurrently,
// the greatest numbers count. A stream without entries that has a mark is a stream all the same,
// as in Redis.
const markLen = 2*streamIDLen + 8

// Stream is what commands see of a stream.
type Stream struct {
	Entries View
	Last    StreamID // the greatest id that there has been
	Deleted StreamID // the greatest id that XDEL has removed
	Removed uint64   // how many entries are gone

	marks View
}

// StreamOf returns the stream that a view of entries and marks is.
func StreamOf(v View) (s Stream) {
	s.Entries = make(View, 0, len(v))
	for _, e := range v {
		switch len(e.Name) { // another one has been written by another version
		case streamIDLen:
			s.Entries = append(s.Entries, e)
			s.Last = maxStreamID(s.Last, IDOf(e))
		case markLen:
			s.marks = append(s.marks, e)
			deleted, _ := ReadStreamID(e.Name[streamIDLen:])
			s.Last, s.Deleted = maxStreamID(s.Last, IDOf(e)), maxStreamID(s.Deleted, deleted)
			s.Removed = max(s.Removed, binary.BigEndian.Uint64(e.Name[2*streamIDLen:]))
		}
	}
	return s
}

func maxStreamID(a, b StreamID) StreamID {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

// IDOf returns the id of an entry, or the greatest one of a mark.
func IDOf(e *object.Element) StreamID {
	id, _ := ReadStreamID(e.Name)
	return id
}

// Added returns how many entries the stream has had.
func (s *Stream) Added() uint64 { return uint64(len(s.Entries)) + s.Removed }

// Between returns the entries from one id to another, both included.
func (s *Stream) Between(first, last StreamID) View {
	from := s.Before(first)
	to := from
	for to < len(s.Entries) && IDOf(s.Entries[to]).Compare(last) <= 0 {
		to++
	}
	return s.Entries[from:to]
}

// Before returns how many entries have smaller ids than the one that is given.
func (s *Stream) Before(id StreamID) int {
	low, high := 0, len(s.Entries)
	for low < high {
		if middle := (low + high) / 2; IDOf(s.Entries[middle]).Compare(id) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// mark writes the mark of the stream, as it is now, in the place of those that there are.
func (s *Stream) mark(set *changes) {
	for _, e := range s.marks {
		change, _ := set.of(e.Name)
		change.Remove = true
	}
	name := s.Deleted.Append(s.Last.Append(make([]byte, 0, markLen)))
	change, _ := set.of(binary.BigEndian.AppendUint64(name, s.Removed))
	change.Remove = false
}

// AppendFields appends the fields of an entry to dst as it has them: name, value, and so on.
func AppendFields(dst []byte, fields [][]byte) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(fields)))
	for _, f := range fields {
		dst = wire.AppendBytes(dst, f)
	}
	return dst
}

// FieldsOf returns the fields of an entry, whose data they alias: name, value, and so on. There
// are none if another version has written it.
func FieldsOf(data []byte) [][]byte {
	r := wire.NewReader(data)
	fields := make([][]byte, r.Count(1))
	for i := range fields {
		fields[i] = r.Bytes()
	}
	if r.Done("fields of an entry") != nil || len(fields)%2 != 0 {
		return nil
	}
	return fields
}

// entryTexts returns what people are shown of an entry or of a mark.
func entryTexts(name, data []byte) (shownName, shownData []byte) {
	id, ok := ReadStreamID(name)
	switch {
	case !ok:
		return name, data
	case len(name) == markLen:
		deleted, _ := ReadStreamID(name[streamIDLen:])
		return fmt.Appendf(nil, "last id %v", id), fmt.Appendf(nil, "deleted up to %v, %d gone", deleted, binary.BigEndian.Uint64(name[2*streamIDLen:]))
	}
	return []byte(id.String()), bytes.Join(FieldsOf(data), []byte(" "))
}

// entriesSound reports whether the arguments of a command on streams have the form that its op
// says.
func (c *Command) entriesSound() bool {
	switch c.Op {
	case StreamAdd:
		_, ok := readNewID(c.Args[0])
		return ok && len(FieldsOf(c.Args[1])) > 0 && (len(c.Args[2]) == 0 || trimSound(c.Args[2]))
	case StreamDelete:
		for _, name := range c.Args {
			if len(name) != streamIDLen {
				return false
			}
		}
	case StreamTrim:
		return trimSound(c.Args[0])
	case StreamSetID:
		added, ok := number.ParseInt(c.Args[2])
		return ok && added >= -1 && len(c.Args[0]) == streamIDLen && len(c.Args[1]) == streamIDLen
	case StreamStore:
		for i := 0; i < len(c.Args); i += 2 {
			if !EntrySound(c.Args[i], c.Args[i+1]) {
				return false
			}
		}
	}
	return true
}

// EntrySound reports whether these can be the name and the data of an entry or of a mark.
func EntrySound(name, data []byte) bool {
	if len(name) == markLen {
		return len(data) == 0
	}
	return len(name) == streamIDLen && len(FieldsOf(data)) > 0
}

// addEntry serves XADD. The answer's value is the new id.
func (c *Command) addEntry(v View, set *changes, out *Outcome) {
	if out.None = len(v) == 0 && c.Flags&IfPresent != 0; out.None {
		return
	}
	s := StreamOf(v)
	asked, _ := readNewID(c.Args[0]) // Decode has checked it
	id, f := asked.mint(s.Last, uint64(max(c.Number, 0)), c.Seed)
	if out.Failure = f; f != None {
		return
	}
	name := id.Append(nil)
	change, _ := set.of(name)
	change.Data = c.Args[1]
	out.Values = [][]byte{name}
	if len(c.Args[2]) > 0 {
		trim, _ := readTrim(c.Args[2])
		s.Entries = append(s.Entries, &object.Element{Kind: object.Entry, Name: name})
		s.Last = id
		gone := s.trim(trim, set)
		out.Ranges = !trim.About || gone > 0
	}
}

// deleteEntries serves XDEL. The answer's number is how many entries there were.
func (c *Command) deleteEntries(v View, set *changes, out *Outcome) {
	s := StreamOf(v)
	for _, name := range c.Args {
		if s.Entries.Find(name) == nil {
			continue
		}
		change, before := set.of(name)
		if change.Remove = true; before {
			continue // it was named twice
		}
		id, _ := ReadStreamID(name)
		s.Deleted = maxStreamID(s.Deleted, id)
		s.Removed++
		out.Number++
	}
	if out.Number > 0 {
		s.mark(set)
	}
}

// trimEntries serves XTRIM. The answer's number is how many entries were removed.
func (c *Command) trimEntries(v View, set *changes, out *Outcome) {
	s := StreamOf(v)
	trim, _ := readTrim(c.Args[0]) // Decode has checked it
	out.Number = s.trim(trim, set)
	out.Ranges = !trim.About || out.Number > 0
}

// setLastID serves XSETID.
func (c *Command) setLastID(v View, set *changes, out *Outcome) {
	if len(v) == 0 {
		out.Failure = NoSuchKey
		return
	}
	s := StreamOf(v)
	last, _ := ReadStreamID(c.Args[0])
	deleted, _ := ReadStreamID(c.Args[1])
	added, _ := number.ParseInt(c.Args[2])
	length := len(s.Entries)
	switch {
	case last.Compare(s.Deleted) < 0:
		out.Failure = BelowDeleted
	case length > 0 && last.Compare(IDOf(s.Entries[length-1])) < 0:
		out.Failure = BelowTop
	case added >= 0 && added < int64(length):
		out.Failure = BelowLength
	}
	if out.Failure != None {
		return
	}
	s.Last = last
	if added >= 0 {
		s.Removed = uint64(added) - uint64(length)
	}
	if deleted != (StreamID{}) {
		s.Deleted = deleted
	}
	s.mark(set)
}

// Exists reports whether there is a stream: one without entries has a mark.
func (s *Stream) Exists() bool { return len(s.Entries) > 0 || len(s.marks) > 0 }

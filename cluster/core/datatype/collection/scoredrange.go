package collection

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Scored is a member of a sorted set, and its score.
type Scored struct {
	Member []byte
	Score  float64
}

// Ranking is the members of a sorted set in their order: by score, and those of one score by
// their bytes.
type Ranking []Scored

// RankingOf returns the members of a view, as [ScoredOf] does.
func RankingOf(v View) Ranking {
	r := make(Ranking, len(v))
	for i, e := range v {
		r[i] = ScoredOf(e)
	}
	r.sort()
	return r
}

// ScoredOf returns the member that an element is, with the score 1 if it is one of a set.
func ScoredOf(e *object.Element) Scored {
	if e.Kind != object.Scored {
		return Scored{Member: e.Name, Score: 1}
	}
	score, _ := object.ReadScore(e.Data) // the object's decoder has checked it
	return Scored{Member: e.Name, Score: score}
}

func (r Ranking) sort() {
	slices.SortFunc(r, func(a, b Scored) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), bytes.Compare(a.Member, b.Member))
	})
}

// Reverse puts the highest score first.
func (r Ranking) Reverse() { slices.Reverse(r) }

// RankOf returns the place of a member, or -1 if it is not there. The lowest score has rank 0.
func (r Ranking) RankOf(member []byte) int {
	return slices.IndexFunc(r, func(s Scored) bool { return bytes.Equal(s.Member, member) })
}

// first returns the place of the first member that is wanted, or the number of members if none is.
func (r Ranking) first(wanted func(Scored) bool) int {
	if at := slices.IndexFunc(r, wanted); at >= 0 {
		return at
	}
	return len(r)
}

// Range chooses members of a sorted set that stand beside one another.
type Range interface {
	// Of returns the members that the range chooses: a part of the ranking.
	Of(Ranking) Ranking
	append(dst []byte) []byte
}

// Ranks chooses by rank: from Start to Stop, both included. -1 is the last member.
type Ranks struct {
	Start, Stop int64
	FromHighest bool // the highest score has rank 0
}

// Of returns the members of r in the range.
func (s Ranks) Of(r Ranking) Ranking {
	n := int64(len(r))
	start, stop := s.Start, s.Stop
	if start < 0 {
		start = max(start+n, 0)
	}
	if stop < 0 {
		stop += n
	}
	stop = min(stop, n-1)
	if start > stop {
		return nil
	}
	if s.FromHighest {
		start, stop = n-1-stop, n-1-start
	}
	return r[start : stop+1]
}

// ScoreBound is one end of a range of scores.
type ScoreBound struct {
	Score float64
	Open  bool // the score itself is not in the range
}

// Scores chooses by score.
type Scores struct{ Min, Max ScoreBound }

// Of returns the members of r in the range.
func (s Scores) Of(r Ranking) Ranking {
	from := r.first(func(m Scored) bool { return m.Score > s.Min.Score || m.Score == s.Min.Score && !s.Min.Open })
	to := r.first(func(m Scored) bool { return m.Score > s.Max.Score || m.Score == s.Max.Score && s.Max.Open })
	return r[from:max(from, to)]
}

// Place says where a bound of names is: at a name, or beyond all of them.
type Place byte

// The places.
const (
	AtName    Place = iota
	BeforeAll       // less than any name
	AfterAll        // greater than any name
)

// NameBound is one end of a range of names.
type NameBound struct {
	Place Place
	Open  bool // the name itself is not in the range
	Name  []byte
}

// compare compares the bound with a name.
func (b *NameBound) compare(name []byte) int {
	switch b.Place {
	case BeforeAll:
		return -1
	case AfterAll:
		return 1
	}
	return bytes.Compare(b.Name, name)
}

// Names chooses by the bytes of the members. All of them should have one score; else it chooses
// what stands, in the order of the ranking, between the first member that is not below the range
// and the next one that is above it.
type Names struct{ Min, Max NameBound }

// Of returns the members of r in the range.
func (s Names) Of(r Ranking) Ranking {
	r = r[r.first(func(m Scored) bool {
		c := s.Min.compare(m.Member)
		return c < 0 || c == 0 && !s.Min.Open
	}):]
	return r[:r.first(func(m Scored) bool {
		c := s.Max.compare(m.Member)
		return c < 0 || c == 0 && s.Max.Open
	})]
}

// The forms of ranges on the wire.
const (
	formRanks byte = iota + 1
	formScores
	formNames
)

// AppendRange appends the encoding of a range to dst: form u8, then of Ranks: start and stop
// varint, from the highest u8; of the other forms for each of the two bounds: open u8, and the
// score (8 bytes) or the place u8, name length uvarint, bytes.
func AppendRange(dst []byte, r Range) []byte { return r.append(dst) }

func (s Ranks) append(dst []byte) []byte {
	return wire.AppendFlag(wire.AppendVarint(wire.AppendVarint(append(dst, formRanks), s.Start), s.Stop), s.FromHighest)
}

func (s Scores) append(dst []byte) []byte {
	dst = append(dst, formScores)
	for _, b := range [...]ScoreBound{s.Min, s.Max} {
		dst = object.AppendScore(wire.AppendFlag(dst, b.Open), b.Score)
	}
	return dst
}

func (s Names) append(dst []byte) []byte {
	dst = append(dst, formNames)
	for _, b := range [...]NameBound{s.Min, s.Max} {
		dst = wire.AppendBytes(append(wire.AppendFlag(dst, b.Open), byte(b.Place)), b.Name)
	}
	return dst
}

// DecodeRange reads a range from its encoding, all of b, which its names alias. Errors wrap
// [wire.ErrCorrupt].
func DecodeRange(b []byte) (s Range, err error) {
	r := wire.NewReader(b)
	switch r.Byte() {
	case formRanks:
		s = Ranks{Start: r.Varint(), Stop: r.Varint(), FromHighest: r.Flag()}
	case formScores:
		s = Scores{Min: readScoreBound(&r), Max: readScoreBound(&r)}
	case formNames:
		s = Names{Min: readNameBound(&r), Max: readNameBound(&r)}
	default:
		r.Fail()
	}
	if err := r.Done("range of a sorted set"); err != nil {
		return nil, err
	}
	return s, nil
}

func readScoreBound(r *wire.Reader) (b ScoreBound) {
	b.Open = r.Flag()
	score, ok := object.ReadScore(r.Take(object.ScoreLen))
	if !ok {
		r.Fail()
	}
	b.Score = score
	return b
}

func readNameBound(r *wire.Reader) (b NameBound) {
	b.Open, b.Place, b.Name = r.Flag(), Place(r.Byte()), r.Bytes()
	if b.Place > AfterAll || b.Place != AtName && len(b.Name) > 0 {
		r.Fail()
	}
	return b
}

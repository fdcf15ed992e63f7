package object

import (
	"encoding/binary"
	"math"
)

// ScoreLen is the length of the data of a [Scored] element in bytes.
const ScoreLen = 8

// AppendScore appends the data of a score to dst: the bits of the IEEE 754 number, big-endian.
// -0 is written as 0, so that equal scores have equal data. It panics if the score is NaN.
func AppendScore(dst []byte, score float64) []byte {
	switch {
	case math.IsNaN(score):
		panic("object: a score is not a number")
	case score == 0:
		score = 0
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(score))
}

// ReadScore reads the data of a score. It returns false if AppendScore cannot have written it.
func ReadScore(data []byte) (score float64, ok bool) {
	if len(data) != ScoreLen {
		return 0, false
	}
	bits := binary.BigEndian.Uint64(data)
	score = math.Float64frombits(bits)
	return score, !math.IsNaN(score) && (score != 0 || bits == 0)
}

package number

import (
	"math/big"
	"strconv"
)

// amountBits is the precision in which floating-point amounts are kept. It is so much finer
// than the 17 digits that are shown that the order of additions cannot be seen.
const amountBits = 256

// maxAmountLen bounds the text of a floating-point amount: all bits in hexadecimal, and an
// exponent.
const maxAmountLen = 96

// Amount is what was added to a number: the sum of its two parts. Integers wrap around at 64
// bits, so that the difference of two amounts is right wherever it has 64 bits. Amounts are
// equal where they are the same.
type Amount struct {
	Int   int64
	Float string // in the notation of big.Float's format p; empty for none
}

// Plus returns the amount after an integer was added.
func (a Amount) Plus(n int64) Amount { return Amount{Int: a.Int + n, Float: a.Float} }

// PlusFloat returns the amount after a number was added, as INCRBYFLOAT reads it. It is false
// if the text is not a finite number.
func (a Amount) PlusFloat(text string) (Amount, bool) {
	f, ok := parseFloat(text)
	if !ok || f.IsInf() {
		return a, false
	}
	sum := new(big.Float).SetPrec(amountBits).Add(a.float(), f)
	if a.Float = string(sum.Append(nil, 'p', -1)); sum.Sign() == 0 {
		a.Float = ""
	}
	return a, sum.MantExp(nil) <= longDoubleMaxExp
}

// Valid reports whether the amount can be one that was added up.
func (a Amount) Valid() bool {
	if a.Float == "" {
		return true
	}
	if len(a.Float) > maxAmountLen {
		return false
	}
	f, _, err := big.ParseFloat(a.Float, 0, amountBits, big.ToNearestEven)
	return err == nil && !f.IsInf() && f.Sign() != 0 && f.MantExp(nil) <= longDoubleMaxExp && string(f.Append(nil, 'p', -1)) == a.Float
}

func (a Amount) float() *big.Float {
	f := new(big.Float).SetPrec(amountBits)
	if a.Float != "" {
		f.Parse(a.Float, 0) // valid, or else 0
	}
	return f
}

// Sum adds up amounts exactly enough that their order does not matter. The zero Sum is 0.
type Sum struct {
	whole int64
	float *big.Float // nil: 0
}

// Add adds an amount.
func (s *Sum) Add(a Amount) {
	s.whole += a.Int
	if a.Float != "" {
		s.fraction().Add(s.float, a.float())
	}
}

// Subtract takes an amount off.
func (s *Sum) Subtract(a Amount) {
	s.whole -= a.Int
	if a.Float != "" {
		s.fraction().Sub(s.float, a.float())
	}
}

// fraction returns the floating-point part.
func (s *Sum) fraction() *big.Float {
	if s.float == nil {
		s.float = new(big.Float).SetPrec(2 * amountBits)
	}
	return s.float
}

// To returns the sum of a number, written as text, and of s, as INCRBY or INCRBYFLOAT writes it.
// It returns the text as it is if nothing was added, or if the text is not a number.
func (s *Sum) To(text []byte) []byte {
	fraction := s.float != nil && s.float.Sign() != 0
	if s.whole == 0 && !fraction {
		return text
	}
	if n, ok := ParseInt(text); ok && !fraction {
		return strconv.AppendInt(nil, n+s.whole, 10)
	}
	f, ok := parseFloat(string(text))
	if !ok || f.IsInf() {
		return text
	}
	total := new(big.Float).SetPrec(2*amountBits).Add(f, new(big.Float).SetInt64(s.whole))
	if fraction {
		total.Add(total, s.float)
	}
	if total.SetPrec(longDoubleBits).MantExp(nil) > longDoubleMaxExp {
		return text
	}
	return formatFloat(total)
}

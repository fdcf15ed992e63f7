package geo

import "math"

// The ends of what a hash can hold, in degrees: those of the Mercator projection.
const (
	MostLongitude = 180
	MostLatitude  = 85.05112878
)

// A hash has this many bits of each coordinate.
const (
	coordinateBits = 26
	cells          = 1 << coordinateBits

	mostScore = 1 << (2*coordinateBits + 2) // a coordinate at its upper end has one bit more
)

// Point is a place, in degrees.
type Point struct{ Longitude, Latitude float64 }

// Valid reports whether a hash can hold the point.
func (a Point) Valid() bool {
	return math.Abs(a.Longitude) <= MostLongitude && math.Abs(a.Latitude) <= MostLatitude
}

// Hash returns the hash of a valid point.
func (a Point) Hash() uint64 { return a.hash(MostLatitude) }

// hash returns the hash of the point if latitudes go up to most.
func (a Point) hash(most float64) uint64 {
	latitude := uint64((a.Latitude + most) / (2 * most) * cells)
	longitude := uint64((a.Longitude + MostLongitude) / (2 * MostLongitude) * cells)
	return spread(latitude) | spread(longitude)<<1
}

// PointOf returns the middle of the cell of a hash that is a score. What no hash can be, because
// it is no whole number or out of range, is taken for the next lower hash that there is.
func PointOf(score float64) Point {
	hash := uint64(min(max(score, 0), mostScore))
	middle := func(cell uint64, most float64) float64 {
		low := -most + float64(cell)/cells*(2*most)
		high := -most + float64(cell+1)/cells*(2*most)
		return min(max((low+high)/2, -most), most)
	}
	return Point{Longitude: middle(gather(hash>>1), MostLongitude), Latitude: middle(gather(hash), MostLatitude)}
}

// spread returns a number whose even bits are the lower 32 bits of n.
func spread(n uint64) (bits uint64) {
	for i := range 32 {
		bits |= n >> i & 1 << (2 * i)
	}
	return bits
}

// gather returns the even bits of n.
func gather(bits uint64) (n uint64) {
	for i := range 32 {
		n |= bits >> (2 * i) & 1 << i
	}
	return n
}

// alphabet is that of geohashes.
const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

// Geohash returns the point's geohash as other systems write it (geohash.org), with eleven
// characters. The last one is always 0, as in Redis: a hash has no bits for it.
func (a Point) Geohash() string {
	hash := a.hash(90) // which counts latitudes up to the poles
	text := make([]byte, 11)
	for i := range 10 {
		text[i] = alphabet[hash>>(2*coordinateBits-5*(i+1))&31]
	}
	text[10] = alphabet[0]
	return string(text)
}

// earthRadius is the radius that Redis computes with, in metres.
const earthRadius = 6372797.560856

// To returns the distance from a to b on a sphere, in metres, by the haversine formula.
func (a Point) To(b Point) float64 {
	const radian = math.Pi / 180
	v := math.Sin((b.Longitude*radian - a.Longitude*radian) / 2)
	if v == 0 {
		return a.toParallel(b)
	}
	u := math.Sin((b.Latitude*radian - a.Latitude*radian) / 2)
	return 2 * earthRadius * math.Asin(math.Sqrt(u*u+math.Cos(a.Latitude*radian)*math.Cos(b.Latitude*radian)*v*v))
}

// toParallel returns the distance from a to the parallel of b, in metres.
func (a Point) toParallel(b Point) float64 {
	return earthRadius * math.Abs(b.Latitude*(math.Pi/180)-a.Latitude*(math.Pi/180))
}

// Shape is an area around a point: a circle or a rectangle.
type Shape struct {
	Center        Point
	Radius        float64 // in metres, as the others
	Box           bool
	Width, Height float64
}

// Contains reports whether a point is in the shape, and its distance from the center in metres.
func (s *Shape) Contains(p Point) (distance float64, inside bool) {
	if s.Box {
		if s.Center.toParallel(p) > s.Height/2 || p.To(Point{s.Center.Longitude, p.Latitude}) > s.Width/2 {
			return 0, false
		}
		return s.Center.To(p), true
	}
	distance = s.Center.To(p)
	return distance, distance <= s.Radius
}

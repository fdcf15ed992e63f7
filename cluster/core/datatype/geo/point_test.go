package geo

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func anyPoint(t *rapid.T, label string) Point {
	return Point{
		Longitude: rapid.Float64Range(-MostLongitude, MostLongitude).Draw(t, label+" longitude"),
		Latitude:  rapid.Float64Range(-MostLatitude, MostLatitude).Draw(t, label+" latitude"),
	}
}

// naiveHash halves the range of each coordinate in turn, beginning with the longitude.
func naiveHash(p Point, bits int, most float64) (hash uint64) {
	value := [2]float64{p.Longitude, p.Latitude}
	low, high := [2]float64{-MostLongitude, -most}, [2]float64{MostLongitude, most}
	for i := range bits {
		middle := (low[i%2] + high[i%2]) / 2
		hash <<= 1
		if value[i%2] >= middle {
			hash |= 1
			low[i%2] = middle
		} else {
			high[i%2] = middle
		}
	}
	return hash
}

func TestHash_HalvesRangesInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPoint(t, "point")
		p.Longitude, p.Latitude = min(p.Longitude, 179.9999), min(p.Latitude, 85.05) // the end has no cell of its own
		// A point within a rounding error of a cell's edge may be on either side.
		got := gather(p.Hash()>>1)<<32 | gather(p.Hash())
		naive := naiveHash(p, 52, MostLatitude)
		want := gather(naive>>1)<<32 | gather(naive)
		if diff := max(got>>32, want>>32) - min(got>>32, want>>32); diff > 1 {
			t.Fatalf("longitude %d, want %d", got>>32, want>>32)
		}
		if diff := max(got&math.MaxUint32, want&math.MaxUint32) - min(got&math.MaxUint32, want&math.MaxUint32); diff > 1 {
			t.Fatalf("latitude %d, want %d", got&math.MaxUint32, want&math.MaxUint32)
		}
	})
}

func TestPointOf_IsNearThePoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPoint(t, "point")
		score := float64(p.Hash())
		if uint64(score) != p.Hash() && p.Longitude < MostLongitude {
			t.Fatalf("%d is no score", p.Hash())
		}
		q := PointOf(score)
		if d := p.To(q); d > 0.6 {
			t.Fatalf("%v is read as %v, %v m away", p, q, d)
		}
		if again := q.Hash(); again != p.Hash() && math.Abs(p.Longitude) < 180 && math.Abs(p.Latitude) < MostLatitude {
			t.Fatalf("the middle of cell %d is in cell %d", p.Hash(), again)
		}
	})
}

func TestPointOf_AnyScore_IsAPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		score := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1), -1, 1 << 52, 1<<52 - 1, 1 << 54})).Draw(t, "score")
		if p := PointOf(score); !p.Valid() {
			t.Fatalf("%v is %v", score, p)
		}
	})
}

func TestPoint_To_IsThatOfTheChord(t *testing.T) {
	vector := func(p Point) [3]float64 {
		a, b := p.Longitude*math.Pi/180, p.Latitude*math.Pi/180
		return [3]float64{math.Cos(b) * math.Cos(a), math.Cos(b) * math.Sin(a), math.Sin(b)}
	}
	rapid.Check(t, func(t *rapid.T) {
		p, q := anyPoint(t, "from"), anyPoint(t, "to")
		if rapid.IntRange(0, 4).Draw(t, "one meridian") == 0 {
			q.Longitude = p.Longitude
		}
		x, y, sum := vector(p), vector(q), 0.0
		for i := range x {
			sum += (x[i] - y[i]) * (x[i] - y[i])
		}
		want := 2 * earthRadius * math.Asin(min(math.Sqrt(sum)/2, 1))
		if got := p.To(q); math.Abs(got-want) > 1 {
			t.Fatalf("from %v to %v it is %v m, want %v", p, q, got, want)
		}
		if p.To(q) != q.To(p) {
			t.Fatal("it is farther back")
		}
	})
}

func TestShape_Contains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Shape{Center: anyPoint(t, "center"), Radius: rapid.Float64Range(0, 2e7).Draw(t, "radius")}
		p := anyPoint(t, "point")
		d, inside := s.Contains(p)
		if d != s.Center.To(p) || inside != (d <= s.Radius) {
			t.Fatalf("%v, %v", d, inside)
		}
		s.Box, s.Width, s.Height = true, rapid.Float64Range(0, 2e7).Draw(t, "width"), rapid.Float64Range(0, 2e7).Draw(t, "height")
		d, inside = s.Contains(p)
		north := math.Abs(s.Center.Latitude-p.Latitude) * math.Pi / 180 * earthRadius
		east := p.To(Point{s.Center.Longitude, p.Latitude})
		if math.Abs(north-s.Height/2) > 1 && inside != (north <= s.Height/2 && east <= s.Width/2) || inside && d != s.Center.To(p) {
			t.Fatalf("%v is inside %v: %v; %v m north, %v m east", p, s, inside, north, east)
		}
	})
}

func TestGeohash(t *testing.T) {
	for _, c := range []struct {
		point Point
		want  string
	}{{Point{-5.603, 42.605}, "ezs42"}, {Point{10.40744, 57.64911}, "u4pruydqqv0"}, {Point{-180, -85}, "00"}, {Point{0, 0}, "s0000000000"}} {
		if got := c.point.Geohash(); !strings.HasPrefix(got, c.want) || len(got) != 11 {
			t.Errorf("%v is %s, want %s", c.point, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := anyPoint(t, "point")
		p.Longitude = min(p.Longitude, 179.9999)
		got, naive := p.Geohash(), naiveHash(p, 50, 90)
		var want []byte
		for range 10 {
			want = append(want, alphabet[naive&31])
			naive >>= 5
		}
		slices.Reverse(want)
		if got[:8] != string(want[:8]) && p.To(PointOf(float64(p.Hash()))) > 0 {
			q := Point{p.Longitude + 1e-7, p.Latitude + 1e-7} // it may be at the edge of a cell
			if q.Geohash()[:8] == got[:8] && (Point{p.Longitude - 1e-7, p.Latitude - 1e-7}).Geohash()[:8] == got[:8] {
				t.Fatalf("%v is %s, want %s", p, got, want)
			}
		}
	})
}

func TestShape_Box_ReachesHalfItsSizes(t *testing.T) {
	s := Shape{Center: Point{10, 0}, Box: true, Width: 200_000, Height: 100_000} // a degree is 111.2 km
	for _, c := range []struct {
		point  Point
		inside bool
	}{
		{Point{10.89, 0}, true}, {Point{10.91, 0}, false}, {Point{9.11, 0}, true}, {Point{9.09, 0}, false},
		{Point{10, 0.44}, true}, {Point{10, 0.46}, false}, {Point{10, -0.44}, true}, {Point{10, -0.46}, false}, {Point{10.89, 0.44}, true},
	} {
		if _, inside := s.Contains(c.point); inside != c.inside {
			t.Errorf("%v is inside: %v, want %v", c.point, inside, c.inside)
		}
	}
}

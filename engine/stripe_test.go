package engine

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Batches of many keys, readers of one key and owners of all keys exclude each other where
// they meet, and all of them come to an end. The race detector checks the same.
func TestStripes_ManyHolders_ExcludeEachOther(t *testing.T) {
	const keys, rounds = 32, 2000 // few keys, so that most batches meet
	s := new(stripes)
	var holders [keys]int // of each key, plain on purpose
	hold := func(numbers ...uint16) {
		for _, n := range numbers {
			if holders[n]++; holders[n] != 1 {
				t.Errorf("stripe %d has %d holders", n, holders[n])
			}
		}
		runtime.Gosched() // to whoever should be shut out
		for _, n := range numbers {
			holders[n]--
		}
	}
	var all []uint16
	for n := range keys {
		all = append(all, uint16(n))
	}
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() {
			draw := rand.New(rand.NewPCG(seed, 0))
			for range rounds {
				numbers := slices.Clone(all)
				draw.Shuffle(keys, func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
				numbers = numbers[:1+draw.IntN(8)]
				slices.Sort(numbers)
				intent := s.newIntent()
				s.lock(intent, numbers)
				hold(numbers...)
				s.unlock(intent, numbers)
			}
		})
		wg.Go(func() {
			draw := rand.New(rand.NewPCG(seed, 1))
			for range rounds {
				n := uint16(draw.IntN(keys))
				if hash := uint64(n)<<(64-stripeBits) | draw.Uint64N(1<<20); s.tryLockKey(hash) {
					hold(n)
					s.unlockKey(hash)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for range rounds / 20 {
				s.lockAll()
				hold(all...)
				s.unlockAll()
			}
		})
	}
	wg.Wait()
}

// A reader does not wait, neither for the holder of its key nor for that of all keys.
func TestStripes_TryLockKey_DoesNotWait(t *testing.T) {
	s := new(stripes)
	const hash = 0xabcd_0000_0000_0003
	numbers := []uint16{stripeOf(hash)}
	for _, holder := range []struct {
		name         string
		lock, unlock func()
	}{
		{"a batch with the key", func() { s.lock(0, numbers) }, func() { s.unlock(0, numbers) }},
		{"all keys", s.lockAll, s.unlockAll},
	} {
		holder.lock()
		if s.tryLockKey(hash) {
			t.Errorf("%s: the key could be locked", holder.name)
		}
		holder.unlock()
		if !s.tryLockKey(hash) {
			t.Fatalf("after %s: the key could not be locked", holder.name)
		}
		s.unlockKey(hash)
	}
}

// Keys of one Merkle leaf have different stripes, so that several writers change the leaf at
// once: none of their changes is lost.
func TestStatistics_WritersOfOneLeaf_LoseNoChange(t *testing.T) {
	s := openMem(t)
	const p, writers, rounds = ring.Partition(3), 4, 1_000_000
	want := uint64(0)
	var wg sync.WaitGroup
	for w := range uint64(writers) {
		hash := uint64(7)<<(64-leafBits) | w<<(64-stripeBits)
		digest := func(round int) object.Digest { return object.Digest((w*rounds + uint64(round)) * 0x9e3779b97f4a7c15) }
		for i := range rounds {
			want ^= uint64(digest(i))
		}
		wg.Go(func() {
			for i := range rounds {
				s.stats.apply(statsChange{partition: p, leaf: uint16(leafOf(hash)), digest: digest(i), bytes: 1})
			}
		})
	}
	wg.Wait()
	stats := s.stats.at(p)
	if got := stats.leaves[7].Load(); got != want {
		t.Errorf("the leaf is %x, want %x", got, want)
	}
	if got := stats.bytes.Load(); got != writers*rounds {
		t.Errorf("%d bytes, want %d", got, writers*rounds)
	}
}

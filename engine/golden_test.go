package engine

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/object"
)

// What is here is on the disks of nodes: it changes only with formatVersion.

func wantHex(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if s := hex.EncodeToString(got); s != want {
		t.Errorf("%s:\n%s, want\n%s", what, s, want)
	}
}

func TestKeyspace_Golden(t *testing.T) {
	key := []byte("key")
	hash := hashOf(key)
	wantHex(t, "object", appendObjectKey(nil, 0x0102, hash, key), "64"+"0102"+"44776256"+"6b6579")
	wantHex(t, "dead object", appendPlace(nil, prefixGrave, 0x0102, hash, key), "67"+"0102"+"44776256"+"6b6579")
	wantHex(t, "expired", appendIndexKey(nil, prefixExpired, 0x0102, 0x2122232425262728, hash, key), "65"+"0102"+"2122232425262728"+"44776256"+"6b6579")
	wantHex(t, "hint", appendHintKey(nil, 0x1112131415161718, 0x0102, hash, key), "68"+"1112131415161718"+"0102"+"44776256"+"6b6579")
	wantHex(t, "expiry", appendIndexKey(nil, prefixExpiry, 0x0102, 0x2122232425262728, hash, key), "78"+"0102"+"2122232425262728"+"44776256"+"6b6579")
	wantHex(t, "dead", appendIndexKey(nil, prefixDead, 0x0102, 0x2122232425262728, hash, key), "74"+"0102"+"2122232425262728"+"44776256"+"6b6579")
	part := splitRecord{id: partsID{0x1112131415161718, 0x2122232425262728}, place: partsPlace{partition: 0x0102, hash: hash}}
	wantHex(t, "part", part.appendPart(nil, 0x31323334), "70"+"0102"+"44776256"+"1112131415161718"+"2122232425262728"+"31323334")
	part.place.hint = 0x4142434445464748
	wantHex(t, "part of a hint", part.appendPart(nil, 0x31323334), "71"+"4142434445464748"+"0102"+"44776256"+"1112131415161718"+"2122232425262728"+"31323334")
	tree, _ := partitionBounds(prefixTree, 0x0102)
	wantHex(t, "statistics", tree, "6d"+"0102")
	for what, c := range map[string]struct {
		key  []byte
		want string
	}{
		"lease": {leaseKey, "696c"}, "clean stop": {cleanStopKey, "6963"}, "identity": {identityKey, "696f"}, "disk loss": {diskLossKey, "6967"}, "strips": {stripsKey, "6973"},
	} {
		wantHex(t, what, c.key, c.want)
	}
	if got := leafOf(hash); got != 273 {
		t.Errorf("leaf %d, want 273", got)
	}
}

func TestSpreadRecord_Golden(t *testing.T) {
	r := spreadRecord{total: object.Rest{Kind: object.Field, Names: 3, Bytes: 0x81, Sum: 0x1112131415161718}, digest: 0x2122232425262728, head: []byte("head")}
	wantHex(t, "of a hash", r.append(nil), "fe01"+"02"+"03"+"8101"+"1112131415161718"+"2122232425262728"+"68656164"+"cb0c5d5b")
	r.total.Kind, r.limits = object.Item, limits{first: []byte("a"), last: []byte("bc")}
	wantHex(t, "of a list", r.append(nil), "fe02"+"05"+"03"+"8101"+"1112131415161718"+"2122232425262728"+"0161"+"026263"+"68656164"+"9dce2fd3")
}

func TestHint_Golden(t *testing.T) {
	o := testOptions(vfs.NewMem())
	o.Now = newTestClock().now // 1 800 000 000 000 ms
	s := open(t, o)
	stored := foreign(7, 1, 5, data("v"))
	apply(t, s, &Record{Partition: 2, Key: []byte("key"), Hint: 9, Merge: stored})
	value, found, err := s.db.load(appendHintKey(nil, 9, 2, hashOf([]byte("key")), []byte("key")))
	if err != nil || !found {
		t.Fatal(found, err)
	}
	wantHex(t, "hint", value, "000001a3185c5000"+hex.EncodeToString(stored))
}

func TestSavedStatistics_Golden(t *testing.T) {
	s := new(partitionStats)
	for i, n := range []interface{ Store(int64) }{&s.live, &s.total, &s.bytes, &s.expiring, &s.expirySum, &s.valued, &s.dead} {
		n.Store(int64(i+1)<<40 | int64(i+1))
	}
	s.leaves[0].Store(0x0102030405060708)
	s.leaves[Leaves-1].Store(0x1112131415161718)
	got := s.append(nil)
	if len(got) != 8248 {
		t.Fatalf("%d bytes, want 8248", len(got))
	}
	wantHex(t, "counts and first leaf", got[:64], "0000010000000001"+"0000020000000002"+"0000030000000003"+"0000040000000004"+"0000050000000005"+"0000060000000006"+"0000070000000007"+"0102030405060708")
	wantHex(t, "last leaf", got[len(got)-8:], "1112131415161718")
}

// The lease of epochs, which dots are unique by: a start counts above all that an earlier one
// leased.
func TestLease_Golden(t *testing.T) {
	o := testOptions(vfs.NewMem())
	clock := newTestClock()
	o.Now = clock.now
	s := open(t, o)
	first := uint64(s.epochs.first)
	if from := uint64(clock.at.UnixMilli()) << 20; first < from || first >= from+1<<40 || first&0xff != 0 {
		t.Errorf("the first epoch is %#x, at %#x", first, from)
	}
	value, found, err := s.db.load(leaseKey)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	wantHex(t, "lease", value, fmt.Sprintf("%016x", first>>8+600_000<<12))
	if got := uint64(s.epochs.mint(hintLineage(9))); got != first|10 {
		t.Errorf("the first epoch of a hint for node 9 is %#x, want %#x", got, first|10)
	}
	later, err := hex.DecodeString("001b000000000000")
	if err == nil {
		err = s.db.pebble.Set(leaseKey, later, pebble.Sync)
	}
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if first := uint64(open(t, o).epochs.first); first < 0x1b000000000000<<8 || first >= 0x1b000000000000<<8+1<<40 {
		t.Errorf("the next start begins with epoch %#x", first)
	}
}

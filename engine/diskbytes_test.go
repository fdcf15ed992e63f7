package engine

import (
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
)

// What was written lies in the newest log until that is full, and takes up disk there.
func TestMetrics_DiskBytes_IncludeTheNewestLog(t *testing.T) {
	s := openMem(t)
	const values, size = 30, 10_000
	for i := range values {
		value := make([]byte, size)
		_, _ = rand.Read(value)
		write(t, s, 0, fmt.Sprint("k", i), object.Value{Data: value})
	}
	if got := s.Metrics().DiskBytes; got < values*size {
		t.Errorf("%d bytes on disk, though %d were written", got, values*size)
	}
}

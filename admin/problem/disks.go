package problem

import (
	"fmt"
	"net/url"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// slowSync is the mean time of a sync from which on a disk counts as slow.
const slowSync = 100 * time.Millisecond

// findReadOnly finds nodes whose store refuses writes.
func findReadOnly(v *View) (all []api.Problem) {
	for _, m := range v.Members {
		if m.ReadOnly == "" {
			continue
		}
		p := api.Problem{
			Kind: ReadOnly, Level: levelError, Node: m.Name,
			What:  fmt.Sprintf("%s refuses writes: %s", m.Name, m.ReadOnly),
			Means: "It answers reads only. Others stand in for its writes and keep hints for it, which cannot be delivered.",
			Do:    "Free space on its disk: it accepts writes again by itself. If the disk has failed: replace it, and start the node with an empty data directory and --replace.",
		}
		if m.DiskFilled {
			p.Do = fmt.Sprintf(`Someone asked for it, to try what happens. Press Disk full on the card of %s again, or POST {"full": false} to /api/nodes/%s/disk. A restart ends it, too.`, m.Name, url.PathEscape(m.Name))
		}
		all = append(all, p)
	}
	return all
}

// isSlowDisk reports whether a node's syncs take long.
func isSlowDisk(r api.Node) bool {
	return r.Detail != nil && r.Detail.SyncMillis >= float64(slowSync.Milliseconds())
}

// slowDisk describes a node whose syncs take long.
func slowDisk(name string, millis float64) api.Problem {
	return api.Problem{
		Kind: SlowDisk, Level: levelWarn, Node: name,
		What:  fmt.Sprintf("the disk of %s is slow: a sync takes %.0f ms", name, millis),
		Means: "Writes that need this node wait for its disk.",
		Do:    "Check the disk and what else uses it. 'quorate_pebble_wal_fsync_duration_seconds' shows how long syncs take.",
	}
}

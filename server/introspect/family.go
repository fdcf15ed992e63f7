package introspect

import (
	"context"
	"time"
)

// Family is what the commands that show a node work with.
type Family struct {
	Counters *Counters
	Errors   *ErrorTally
	Slowlog  *Slowlog
	Latency  *Latency
	Settings *Settings
	rates    rates

	Born      time.Time
	RunID     string     // 40 hex digits, new with each start
	Connected func() int // connections at present

	// Facts, when set, gives more lines for INFO: name and value.
	Facts func(ctx context.Context) [][2]string
	// Rewrite, when set, puts what CONFIG SET changed into the settings file.
	Rewrite func(changed map[string]string) error
	// Shutdown, when set, asks the process to stop.
	Shutdown func()
	// Chaos allows DEBUG SLEEP, which Sleep carries out: it holds all commands of
	// the node and returns when the time is over.
	Chaos bool
	Sleep func(ctx context.Context, d time.Duration)
}

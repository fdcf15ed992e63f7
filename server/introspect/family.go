package introspect

import (
	"context"
	"time"
)

// Family holds what the commands of this package work with.
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
	// Chaos allows DEBUG SLEEP. Sleep carries it out: it holds all commands of the node
	// for the time d.
	Chaos bool
	Sleep func(ctx context.Context, d time.Duration)
}

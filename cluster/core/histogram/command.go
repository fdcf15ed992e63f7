package histogram

// CommandTimes holds the latencies and failures of one command of the client port.
type CommandTimes struct {
	Name          string // lower case, a subcommand as "config|get"
	Reads, Writes bool   // the keys that it names
	Failed        int64  // answered with an error
	Times         *Counts
}

package push

import (
	"fmt"
	"time"

	"github.com/quorate/quorate/server/resp"
)

// Bounds of MONITOR: how much of a command it shows, and how many bytes may wait for a
// client before lines are dropped.
const (
	MonitorArgument  = 1 << 10 // bytes shown of one argument
	monitorArguments = 128     // shown of one command
	monitorBehind    = 1 << 20 // bytes
)

// NewMonitor returns a mailbox for the lines of MONITOR.
func NewMonitor() *Mailbox { return NewMailbox(monitorBehind, monitorNote) }

func monitorNote(dst []byte, dropped int) []byte {
	return fmt.Appendf(dst, "+%d commands are not shown: this client reads too slowly\r\n", dropped)
}

// MonitorLine renders a command as MONITOR shows it:
// +1700000000.123456 [0 127.0.0.1:5000] "set" "k" "v"
func MonitorLine(at time.Time, address string, args [][]byte) []byte {
	line := fmt.Appendf(nil, "+%d.%06d [0 %s]", at.Unix(), at.Nanosecond()/1000, address)
	for i, arg := range args {
		if i == monitorArguments {
			line = fmt.Appendf(line, " ... (%d more arguments)", len(args)-i)
			break
		}
		line = append(line, ' ')
		line = resp.AppendQuoted(line, arg[:min(len(arg), MonitorArgument)])
		if more := len(arg) - MonitorArgument; more > 0 {
			line = fmt.Appendf(line, "... (%d more bytes)", more)
		}
	}
	return append(line, '\r', '\n')
}

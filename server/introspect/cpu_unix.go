//go:build unix

package introspect

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/quorate/quorate/server/command"
)

func (f *Family) infoCPU(_ context.Context, _ *command.Node, t *infoText) {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return
	}
	seconds := func(tv syscall.Timeval) string {
		return fmt.Sprintf("%.6f", time.Duration(tv.Nano()).Seconds())
	}
	t.line("used_cpu_sys", seconds(usage.Stime))
	t.line("used_cpu_user", seconds(usage.Utime))
	t.line("used_cpu_sys_children", "0.000000")
	t.line("used_cpu_user_children", "0.000000")
}

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: 100 per second, on every Linux.
const tick = 10 * time.Millisecond

// processTime returns the CPU time that a process has used, in user and kernel
// mode. It is known on Linux only.
func processTime(pid int) (time.Duration, bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	_, rest, _ := strings.Cut(string(raw), ") ") // the name may contain blanks
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	kernel, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+kernel) * tick, err1 == nil && err2 == nil
}

// machineTime returns, in ticks, the CPU time that other virtual machines took from
// this one ("steal"), and all of its CPU time; zeros where that is unknown.
func machineTime() (stolen, total int64) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	for i, word := range strings.Fields(line) {
		n, _ := strconv.ParseInt(word, 10, 64)
		if i >= 1 && i <= 8 {
			total += n
		}
		if i == 8 {
			stolen = n
		}
	}
	return stolen, total
}

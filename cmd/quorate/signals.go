package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// surviveBrokenPipes makes writes to an output whose reader is gone fail, where they
// would otherwise end the process by SIGPIPE. A node outlives the reader of its log.
// Short commands keep the usual effect, so that `quorate admin status | head` ends
// quietly.
func surviveBrokenPipes() { signal.Ignore(syscall.SIGPIPE) }

// watchHangups takes SIGHUP, which would otherwise end the process without a clean
// stop. It returns a channel of the signals, and a function that stops the watch. A
// process that was started with SIGHUP ignored, as nohup does, goes on ignoring it.
func watchHangups() (hangups <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(c, syscall.SIGHUP)
	}
	return c, func() { signal.Stop(c) }
}

// logHangups logs each SIGHUP until ctx ends. A server goes on: the terminal that it
// was started from may close, and tools that rotate logs send the signal too.
func logHangups(ctx context.Context, hangups <-chan os.Signal, log *slog.Logger) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
			log.Info("SIGHUP is ignored: settings are read at the start, and changed while the node runs by CONFIG SET; SIGTERM stops the node")
		}
	}
}

// endAtHangup calls stop at the first SIGHUP. A demo belongs to its terminal and ends
// with it.
func endAtHangup(ctx context.Context, hangups <-chan os.Signal, stop func()) error {
	select {
	case <-ctx.Done():
	case <-hangups:
		stop()
	}
	return nil
}
